import type { z } from 'zod';
import { Anything, ChangeAnswer, ChecksAnswer, ExplanationAnswer, JobAnswer, listAnswer, X500AnswerSchema } from './answers.ts';
import { Relink, Retire, Undo } from './errands.ts';
import { Approve, Reject, Start } from './jobs.ts';

/** What the API's description says of a door beyond its path, methods, role and query. */
export interface About {
  readonly summary: string;
  readonly body?: z.ZodType | 'configuration';
  /** Default 200. */
  readonly status?: number;
  /** In words, what a success answers. */
  readonly answers?: string;
  /** null: no body. */
  readonly answer?: z.ZodType | 'configuration' | null;
  /** Further media types of the answer. */
  readonly streams?: readonly string[];
}

/** By the door's name. */
export const DESCRIBED: Readonly<Record<string, About>> = {
  startJob: { summary: 'Start a job', body: Start, status: 202, answers: 'The job; its address is in Location.', answer: JobAnswer },
  listJobs: {
    summary: 'Jobs, newest first',
    answer: listAnswer(JobAnswer),
  },
  getJob: { summary: 'One job', answer: JobAnswer },
  getJobChanges: {
    summary: 'The changes of a job',
    answer: listAnswer(ChangeAnswer),
    streams: ['text/csv', 'application/x-ndjson'],
  },
  getJobLog: {
    summary: 'Log lines of a job, oldest first',
    answer: listAnswer(Anything),
  },
  cancelJob: { summary: 'Cancel a job', status: 202, answers: 'It stops within seconds; what was finished stays.', answer: JobAnswer },
  approveJob: { summary: 'Approve the held plan of a route', body: Approve, status: 202, answers: 'The job goes on.', answer: JobAnswer },
  rejectJob: { summary: 'Reject the held plan of a route', body: Reject, answer: JobAnswer },
  undoJob: {
    summary: 'Take back what a job did, whole or for some routes or objects',
    body: Undo,
    status: 202,
    answers: 'The job that undoes it. 409 while that job runs, 422 if there is nothing to undo.',
    answer: JobAnswer,
  },
  getConfiguration: {
    summary: 'The configuration as written; its ETag is what If-Match takes',
    answer: 'configuration',
  },
  putConfiguration: {
    summary: 'Check and save the configuration',
    body: 'configuration',
    answers: 'Saved. 400 with all faults, 412 if it was changed in the meantime.',
  },
  previewConfiguration: {
    summary: 'What a configuration would change on the current snapshots; writes nothing',
    body: 'configuration',
    answers: 'Counts now and after, the difference in words, samples, breakers that would trip, for each route.',
  },
  getConfigurationSchema: { summary: 'JSON Schema 2020-12 of the configuration' },
  listConnectors: { summary: 'Connectors with their last complete pull', answer: listAnswer(Anything) },
  getConnector: { summary: 'One connector' },
  listEntries: {
    summary: 'What the last complete pull of a connector holds',
    answer: listAnswer(Anything),
  },
  verifyConnector: {
    summary: 'Check credentials and rights of a connector',
    answers: 'The checks, also where some fail.',
    answer: ChecksAnswer,
  },
  clearCache: {
    summary: 'Forget the snapshot: the next pull is a full one',
    status: 204,
    answers: 'Forgotten. 409 while a job holds the connector.',
    answer: null,
  },
  listRoutes: { summary: 'Routes with last job, freshness, next runs and what is held', answer: listAnswer(Anything) },
  getRoute: { summary: 'One route' },
  retireRoute: {
    summary: 'Let a route leave cleanly: only its stamp goes, or its objects go too',
    body: Retire,
    status: 202,
    answers: 'The job.',
    answer: JobAnswer,
  },
  relinkRoute: {
    summary: 'Rebuild lost links of a route from the stamps in its target',
    body: Relink,
    status: 202,
    answers: 'The job.',
    answer: JobAnswer,
  },
  explainRoute: {
    summary: 'Why somebody is, or is not, in the target; what the next run would do',
    answer: ExplanationAnswer,
  },
  findX500: {
    summary: 'Whose an X500 address was, who has it now, what to add so that replies arrive',
    answer: X500AnswerSchema,
  },
  health: { summary: 'Do the parts answer; 503 if not' },
  getOpenApi: { summary: 'This description' },
};
