import { z } from 'zod';
import { KINDS } from '../../shared/model/entry.ts';
import { ACTIONS } from '../../shared/model/job.ts';
import { Anything, ChangeAnswer, ChecksAnswer, ExplanationAnswer, JobAnswer, listAnswer, X500AnswerSchema } from './answers.ts';
import { Relink, Retire, Undo } from './errands.ts';
import { Approve, Reject, Start } from './jobs.ts';

/** What the API's description says of a door beyond its path, methods and role. */
export interface About {
  readonly summary: string;
  readonly query?: Readonly<Record<string, z.ZodType>>;
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

const text = (description: string): z.ZodType => z.string().describe(description);
const page = {
  limit: z.number().int().min(1).max(1000).describe('items of one page; default 100'),
  cursor: text('from nextLink'),
};
const dryRun = z.boolean().describe('true: checks only');

const planOnly = z.boolean().describe('true: the job shows its plan and changes nothing');

/** By the door's name. */
export const DESCRIBED: Readonly<Record<string, About>> = {
  startJob: { summary: 'Start a job', body: Start, status: 202, answers: 'The job; its address is in Location.', answer: JobAnswer },
  listJobs: {
    summary: 'Jobs, newest first',
    query: {
      route: text('id of a route'),
      connector: text('id of a connector'),
      action: z.enum(ACTIONS),
      state: text('state of the job'),
      from: text('ISO time, inclusive'),
      to: text('ISO time, exclusive'),
      ...page,
    },
    answer: listAnswer(JobAnswer),
  },
  getJob: { summary: 'One job', answer: JobAnswer },
  getJobChanges: {
    summary: 'The changes of a job',
    query: {
      route: text('id of a route'),
      change: text('create, update, hide, delete, adopt, skip or keep'),
      kind: z.enum(KINDS),
      result: text('planned, done, failed, held, skipped or kept'),
      reason: text('reason, or its first part'),
      new: z.boolean().describe('true: only what did not fail in the job before'),
      address: text('primary address'),
      object: text('id in the source'),
      ...page,
    },
    answer: listAnswer(ChangeAnswer),
    streams: ['text/csv', 'application/x-ndjson'],
  },
  getJobLog: {
    summary: 'Log lines of a job, oldest first',
    query: { level: z.enum(['info', 'warning', 'error']), ...page },
    answer: listAnswer(Anything),
  },
  cancelJob: { summary: 'Cancel a job', status: 202, answers: 'It stops within seconds; what was finished stays.', answer: JobAnswer },
  approveJob: { summary: 'Approve the held plan of a route', body: Approve, status: 202, answers: 'The job goes on.', answer: JobAnswer },
  rejectJob: { summary: 'Reject the held plan of a route', body: Reject, answer: JobAnswer },
  undoJob: {
    summary: 'Take back what a job did, whole or for some routes or objects',
    query: { dryRun: planOnly },
    body: Undo,
    status: 202,
    answers: 'The job that undoes it. 409 while that job runs, 422 if there is nothing to undo.',
    answer: JobAnswer,
  },
  getConfiguration: {
    summary: 'The configuration as written; its ETag is what If-Match takes',
    query: { expanded: z.boolean().describe('true: with defaults and meshes worked out') },
    answer: 'configuration',
  },
  putConfiguration: {
    summary: 'Check and save the configuration',
    query: { dryRun },
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
    query: { search: text('text in any value'), kind: z.enum(KINDS), filter: text('as search'), ...page },
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
    query: { dryRun: planOnly },
    body: Retire,
    status: 202,
    answers: 'The job.',
    answer: JobAnswer,
  },
  relinkRoute: {
    summary: 'Rebuild lost links of a route from the stamps in its target',
    query: { dryRun: planOnly },
    body: Relink,
    status: 202,
    answers: 'The job.',
    answer: JobAnswer,
  },
  explainRoute: {
    summary: 'Why somebody is, or is not, in the target; what the next run would do',
    query: { address: text('an address of the person'), object: text('or an id, of the source or of the target') },
    answer: ExplanationAnswer,
  },
  findX500: {
    summary: 'Whose an X500 address was, who has it now, what to add so that replies arrive',
    query: { address: text('X500 address, or mail address of the person'), imceaex: text('or the bounced address') },
    answer: X500AnswerSchema,
  },
  health: { summary: 'Do the parts answer; 503 if not' },
  getOpenApi: { summary: 'This description' },
};
