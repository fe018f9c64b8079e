import { FailureError } from '../../model/failure.ts';
import type { MembersPage } from '../connector.ts';
import type { MemoryDirectory } from './memoryConnector.ts';

export interface MemoryGroup {
  readonly members: readonly { readonly id: string; readonly group: boolean }[];
  readonly everyUser?: boolean;
  readonly lacking?: string;
  /** Number of the page from which on it may not be read; 0: not at all. */
  readonly refusedFrom?: number;
}

/** One page of a group's members. */
export function readMembers(directory: MemoryDirectory, id: string, cursor: string | null): MembersPage | null {
  const group = directory.groups.get(id);
  if (!group) return null;
  directory.memberReads.push(id);
  const start = Number(cursor ?? 0);
  if (group.refusedFrom !== undefined && start / directory.pageSize >= group.refusedFrom)
    throw new FailureError({ code: 'permission', message: `Group ${id} may not be read (403).`, nextStep: 'Grant it.' });
  const end = start + directory.pageSize;
  const next = end < group.members.length ? String(end) : null;
  const members = group.members.slice(start, end);
  return { members, everyUser: group.everyUser ?? false, next, lacking: next === null ? (group.lacking ?? null) : null };
}
