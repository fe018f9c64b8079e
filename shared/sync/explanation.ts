import type { ExplainStep } from '../rules/explain.ts';

/** Somebody else that an answer must name, with what would happen to them. */
export interface OtherObject {
  readonly connector: string;
  readonly object: string;
  readonly kind: string;
  readonly address: string;
  readonly displayName: string;
  readonly text: string;
}

/** Why somebody is, or is not, in the target: `answer` and `next` first, then every step of the way. Texts of people are data. */
export interface Explanation {
  readonly route: string;
  readonly from: string;
  readonly to: string;
  readonly asked: { readonly address?: string | undefined; readonly object?: string | undefined };
  readonly at: string;
  /** `entry` in the source · `leaver` gone from it, managed still · `history` an ended link is left · `targetObject` the target's own, or another route's · `nothing` */
  readonly found: 'entry' | 'leaver' | 'history' | 'targetObject' | 'nothing';
  readonly object: string | null;
  readonly target: string | null;
  readonly kind: string | null;
  readonly address: string | null;
  readonly displayName: string | null;
  readonly answer: string;
  readonly next: string;
  readonly steps: readonly ExplainStep[];
  readonly others: readonly OtherObject[];
}

/** What a part of the explanation contributes. */
export type Told = Omit<Explanation, 'route' | 'from' | 'to' | 'asked' | 'at'>;
