import type { Job } from '../shared/model/job.ts';

/** Shows a running job: on a terminal a live bar, else one plain line whenever something changed. */
export interface ProgressView {
  show(job: Job): void;
  end(): void;
}

const WIDTH = 30;

export function createProgress(stream: NodeJS.WriteStream): ProgressView {
  let last = '';
  return {
    show(job) {
      const line = progressLine(job);
      if (line === last) return;
      last = line;
      if (stream.isTTY) stream.write(`\r\u001b[2K${line}`);
      else stream.write(`${line}\n`);
    },
    end() {
      if (stream.isTTY && last) stream.write('\n');
    },
  };
}

/** One line: phase, bar, rate, time left, or what it waits for. */
export function progressLine(job: Job): string {
  const { progress } = job;
  if (progress.waitingUntil)
    return `${job.state}: the directory asked to wait until ${progress.waitingUntil} (${progress.done} of ${progress.total} done)`;
  if (progress.phase === 'pull')
    return `pull: ${job.connectors.map((connector) => `${connector.id} ${connector.state}${connector.pulled ? ` ${connector.pulled}` : ''}`).join(', ')}`;
  if (progress.phase === 'plan') return 'plan: comparing, settling claims, judging breakers';
  const filled = progress.total > 0 ? Math.round((progress.done / progress.total) * WIDTH) : WIDTH;
  const rate = progress.ratePerMinute === null ? '' : ` · ${progress.ratePerMinute}/min`;
  const left = progress.secondsLeft === null ? '' : ` · ${progress.secondsLeft} s left`;
  return `${progress.phase}: [${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${progress.done}/${progress.total}${rate}${left}`;
}
