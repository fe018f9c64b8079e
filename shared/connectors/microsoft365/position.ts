import { createHash } from 'node:crypto';
import { z } from 'zod';
import { FailureError } from '../../model/failure.ts';
import type { Asked } from './asked.ts';

/** Merge order: what Exchange says wins over Graph, details of contacts come last. */
export const SETS = [
  'users',
  'groups',
  'recipients',
  'accounts',
  'mailContacts',
  'distributionGroups',
  'dynamicGroups',
  'microsoft365Groups',
  'contacts',
] as const;
export type SetName = (typeof SETS)[number];

/**
 * What Get-Recipient does not tell, by the cmdlet that does: whether groups take mail from outside, and everybody's own X500 address. Asked
 * only where it is wanted.
 */
export const DETAIL_SETS = {
  accounts: 'Get-User',
  mailContacts: 'Get-MailContact',
  distributionGroups: 'Get-DistributionGroup',
  dynamicGroups: 'Get-DynamicDistributionGroup',
  microsoft365Groups: 'Get-UnifiedGroup',
} as const satisfies Partial<Record<SetName, string>>;

export type DetailSet = keyof typeof DETAIL_SETS;

export function isDetailSet(set: SetName): set is DetailSet {
  return set in DETAIL_SETS;
}

type Details = Pick<Asked, 'senders' | 'x500' | 'groupX500'>;

/** The sets that are read, in merge order. */
export function setsOf({ senders, x500, groupX500 }: Details): readonly SetName[] {
  return SETS.filter((set) => !isDetailSet(set) || (set.endsWith('Groups') ? senders || groupX500 : x500));
}

/**
 * Order of reading. People come last: they are the one set that must be readable, so a set that was refused is always followed by
 * another page, which carries the loss.
 */
export const READ_ORDER: readonly SetName[] = [
  'recipients',
  'contacts',
  'accounts',
  'mailContacts',
  'distributionGroups',
  'dynamicGroups',
  'microsoft365Groups',
  'groups',
  'users',
];

const LINKS_REMEMBERED = 64;

/** Where a pull is; travels as the cursor. `link` null: before the first page of the set. */
export const Position = z.object({
  set: z.enum(SETS),
  link: z.string().nullable(),
  mode: z.enum(['full', 'delta']),
  /** Hashes of links that this set gave: one that comes back does not advance (case R05). */
  seen: z.array(z.string()),
  /** Rows received in this set. */
  received: z.number().int(),
  restarts: z.number().int(),
  /** The directory has no delta: the set is listed. */
  listed: z.boolean(),
  /** People: see `Told`. */
  here: z.string().default(''),
  gone: z.string().default(''),
});
export type Position = z.infer<typeof Position>;

/** Before the first page of a set. */
export function beginSet(set: SetName): Position {
  return { set, link: null, mode: 'full', seen: [], received: 0, restarts: 0, listed: false, here: '', gone: '' };
}

/** The position in a cursor. Throws `badAnswer` for a cursor that is none of ours. */
export function positionOf(cursor: string | null): Position {
  if (cursor === null) return beginSet(READ_ORDER[0]!);
  try {
    return Position.parse(JSON.parse(cursor));
  } catch {
    throw new FailureError({
      code: 'internal',
      message: 'The cursor of a Microsoft 365 pull cannot be read.',
      nextStep: 'Start the job again.',
    });
  }
}

/** What is read after a set, or null. */
export function setAfter(set: SetName, asked: Details): SetName | null {
  const sets = setsOf(asked);
  return READ_ORDER.slice(READ_ORDER.indexOf(set) + 1).find((next) => sets.includes(next)) ?? null;
}

/** The position after a page that named a next link. Throws `pagingStuck` if that link was there before. */
export function advance(position: Position, link: string): Position {
  const mark = markOf(link);
  if (link === position.link || position.seen.includes(mark)) {
    throw new FailureError({
      code: 'pagingStuck',
      message: `Reading "${position.set}" does not advance: the directory gave the same page link again.`,
      nextStep: 'Nothing was changed because of it. If it happens again, clear the cache of the connector and pull once more.',
    });
  }
  return { ...position, link, seen: [mark, ...position.seen].slice(0, LINKS_REMEMBERED) };
}

function markOf(link: string): string {
  return createHash('sha256').update(link).digest('base64url').slice(0, 10);
}
