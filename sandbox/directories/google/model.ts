/** Objects of the simulated Workspace: users, groups and rooms as the Directory API gives them, contacts as their XML. */
export type WorkspaceObject =
  | { id: string; type: 'user'; data: Record<string, unknown> }
  | { id: string; type: 'group'; data: Record<string, unknown> }
  | { id: string; type: 'room'; data: Record<string, unknown> }
  /** `xml`: the children of the entry element that the caller wrote and the service kept. */
  | { id: string; type: 'contact'; xml: string; etag: string; updated: string; version: number };

export type ContactObject = Extract<WorkspaceObject, { type: 'contact' }>;
