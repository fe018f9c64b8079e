import { FailureError } from '../model/failure.ts';

/** True if the failure means that the request may have been carried out although no answer came. */
export function answerLost(error: unknown): boolean {
  return error instanceof FailureError && (error as { answerLost?: boolean }).answerLost === true;
}
