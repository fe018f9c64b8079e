import type { HttpAnswer } from '../../../http/http.ts';
import type { Failure } from '../../../model/failure.ts';
import type { FieldName, Owner } from '../../../model/plan.ts';
import type { WriteAnswer } from '../../connector.ts';
import { graphFailure, graphFault } from '../graph.ts';

export type Ok = Extract<WriteAnswer, { ok: true }>;
export type NotOk = Extract<WriteAnswer, { ok: false }>;
export type Refused = NonNullable<Ok['refused']>;

export function failed(retry: NotOk['retry'], failure: Failure, targetId: string | null, owner: Owner | null = null): NotOk {
  return { ok: false, failure, retry, targetId, owner };
}

/** What Graph's refusal of a single object means (learn.microsoft.com/graph/errors; texts: reference §2). */
export type GraphRefusal = 'notFound' | 'conflict' | 'exists' | 'readOnly' | 'permission' | 'quota' | 'transient' | 'refused';

const TEXTS: readonly (readonly [GraphRefusal, RegExp])[] = [
  ['exists', /already exists in the directory as object id/i],
  ['conflict', /same value for property|ObjectConflict|already exists in (the|this) directory|proxy address.* in use/i],
  ['readOnly', /on-premises mastered|directory sync|synchronized from/i],
  ['quota', /QuotaExceeded|quota limit/i],
  ['permission', /guest invitations not allowed/i],
];

export function refusalOf(answer: HttpAnswer): GraphRefusal {
  const { code, message } = graphFault(answer);
  const known = TEXTS.find(([, pattern]) => pattern.test(`${code} ${message}`));
  if (known) return known[0];
  if (answer.status === 401 || answer.status === 403) return 'permission';
  if (answer.status === 404) return 'notFound';
  // Answered with 500 although it never gets better (microsoft-graph-docs 22397).
  if (/unable to find target address/i.test(message)) return 'refused';
  return answer.status >= 500 || answer.status === 408 ? 'transient' : 'refused';
}

const RETRIES: Readonly<Record<GraphRefusal, NotOk['retry']>> = {
  notFound: 'gone',
  conflict: 'later',
  exists: 'collision',
  readOnly: 'never',
  permission: 'permission',
  quota: 'later',
  transient: 'later',
  refused: 'never',
};

const WORDS: Readonly<Partial<Record<GraphRefusal, Pick<Failure, 'code' | 'nextStep'>>>> = {
  notFound: { code: 'notFound', nextStep: 'The next job looks again and plans what is right then.' },
  conflict: { code: 'addressInUse', nextStep: 'Free the address at the object that holds it, or take the entry out of the route.' },
  exists: { code: 'addressInUse', nextStep: 'This person has an account of their own there: take the entry out of the route.' },
  readOnly: { code: 'refused', nextStep: 'The object is mastered in an on-premises directory: change it there.' },
  quota: { code: 'quota', nextStep: 'The directory is full: remove objects (deleted ones count for 30 days) or ask Microsoft for more.' },
};

/** The failure of one object. `what` is the call, `name` what people call the object. */
export function failureFor(answer: HttpAnswer, name: string, what: string, permission: string): Failure {
  const { failure } = graphFailure(answer, what, permission);
  const known = WORDS[refusalOf(answer)];
  // A switch of the tenant answers with 400, a right that is missing with 403.
  const nextStep = `Allow guest invitations in the external collaboration settings of the target; the application needs ${permission}.`;
  const permissionAsked = failure.code === 'refused' && refusalOf(answer) === 'permission' ? { code: 'permission' as const, nextStep } : {};
  return { ...failure, ...known, ...permissionAsked, message: `${name}: ${failure.message}`.slice(0, 500) };
}

/** The refusal of one object as an answer. */
export function refused(answer: HttpAnswer, name: string, what: string, permission: string, targetId: string | null): NotOk {
  return failed(RETRIES[refusalOf(answer)], failureFor(answer, name, what, permission), targetId);
}

/** Parts that wait until the service shows the object. */
export function waits(name: string, where: string, fields: readonly FieldName[], until: number): NonNullable<Ok['pending']> {
  return {
    fields,
    until,
    failure: {
      code: 'notYetVisible',
      message: `${name} is a guest by now, but ${where} does not show it yet: ${fields.join(', ')} could not be written.`.slice(0, 500),
      nextStep: 'Wait: new guests appear within minutes. The next job goes on with it.',
    },
  };
}
