/** One page of a group's direct members, as it was read. */
export interface MemberSlice {
  readonly group: string;
  /** 0, 1 … within the group. */
  readonly sequence: number;
  readonly members: readonly { readonly id: string; readonly group: boolean }[];
  readonly everyUser: boolean;
  /** The directory's cursor of the next page; null: the list ends here. */
  readonly next: string | null;
  /** Why members are missing from the list, in words. */
  readonly lacking: string | null;
  /** Why the group could not be read at all, in words: it has this slice only. */
  readonly unreadable: string | null;
}

/** A group as filters name it, and its id; null: the directory has none of that name. */
export interface GroupName {
  readonly name: string;
  readonly group: string | null;
}

/**
 * Members of the groups that filters name, by the pull that read them: they count from the moment in which the snapshot's state names that
 * pull as its version, so nothing is moved.
 */
export interface MembershipStore {
  putNames(connector: string, version: string, names: readonly GroupName[]): Promise<void>;
  /** Null: this version was read without any group. */
  names(connector: string, version: string): Promise<readonly GroupName[] | null>;
  putSlice(connector: string, version: string, slice: MemberSlice): Promise<void>;
  /** Group by group, each in order. */
  slices(connector: string, version: string): AsyncIterable<MemberSlice>;
  /** Drops all versions of a connector except these. */
  drop(connector: string, keep: readonly string[]): Promise<void>;
}
