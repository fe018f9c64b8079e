/** Objects of the simulated Workspace: users, groups and rooms as the Directory API gives them, contacts as their XML. */
export type WorkspaceObject =
  | { id: string; type: 'user'; data: Record<string, unknown> }
  /** `members`: direct ones, as members.list gives them. `settings`: what the Groups Settings API tells, truth values as texts. */
  | { id: string; type: 'group'; data: Record<string, unknown>; members?: GroupMember[]; settings?: Record<string, string> }
  | { id: string; type: 'room'; data: Record<string, unknown> }
  /** `xml`: the children of the entry element that the caller wrote and the service kept. */
  | { id: string; type: 'contact'; xml: string; etag: string; updated: string; version: number };

export type GroupObject = Extract<WorkspaceObject, { type: 'group' }>;

export interface GroupMember {
  id?: string;
  email?: string;
  type: 'USER' | 'GROUP' | 'CUSTOMER' | 'EXTERNAL';
  role: string;
}

export type ContactObject = Extract<WorkspaceObject, { type: 'contact' }>;

/** A custom schema of the organisation and its fields. */
export interface CustomSchema {
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly several?: boolean }[];
}
