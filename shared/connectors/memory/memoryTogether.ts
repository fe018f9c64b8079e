import type { Failure } from '../../model/failure.ts';
import type { WriteAnswer, WriteRequest } from '../connector.ts';

/** How a directory takes several changes at once. */
export interface Together {
  calls: number;
  /** What becomes of one of them; it may throw, which loses the answers of all, those that were done by then included. */
  fate?: (request: WriteRequest) => 'unanswered' | 'notMade' | 'refused' | undefined;
}

/** Done one after the other, answered together. */
export function writeMany(
  together: Together,
  requests: readonly WriteRequest[],
  write: (request: WriteRequest) => WriteAnswer,
): readonly (WriteAnswer | null)[] {
  together.calls += 1;
  return requests.map((request): WriteAnswer | null => {
    const fate = request.as === 'mailboxContact' ? 'notMade' : together.fate?.(request);
    if (fate === 'notMade') return null;
    if (fate === 'refused')
      return failed('permission', { code: 'permission', message: 'The directory refused it (403).', nextStep: 'Grant it.' });
    const answer = write(request);
    return fate === 'unanswered'
      ? failed('unknown', { code: 'badAnswer', message: 'There was no answer.', nextStep: 'It is looked up.' })
      : answer;
  });
}

function failed(retry: 'permission' | 'unknown', failure: Failure): WriteAnswer {
  return { ok: false, failure, retry, targetId: null, owner: null };
}
