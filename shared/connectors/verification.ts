/** What `verify` says of one thing; the shape is the API's (contracts/api.md). */
export interface Check {
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'warning';
  readonly detail: string;
  readonly fix?: string;
}
export type Finding = Omit<Check, 'name'>;

/** One question to a directory. It writes nothing, whatever comes. */
export interface Probe {
  readonly name: string;
  /** Probes before it, where there are such, whose failure makes this one pointless: then it is not tried. */
  readonly after: readonly string[];
  /** What it throws is a failed check: `FailureError` with its next step as the fix. */
  run(): Promise<Finding>;
  /** No job depends on its answer: not being able to ask is a warning. */
  readonly advisory?: boolean;
}

export const pass = (detail: string): Finding => ({ result: 'pass', detail });
export const fail = (detail: string, fix: string): Finding => ({ result: 'fail', detail, fix });
export const warning = (detail: string, fix: string): Finding => ({ result: 'warning', detail, fix });

/** A clock that differs by more spoils what is signed and what is scheduled. */
const SKEW_LIMIT_MS = 120_000;

/** What the difference of two clocks means. @param skewMs service minus ours; null: not told */
export function clockFinding(skewMs: number | null, service: string): Finding {
  if (skewMs === null) return warning(`${service} does not tell its time.`, 'Check the clock of this host by other means.');
  const seconds = Math.round(skewMs / 1000);
  if (Math.abs(skewMs) < SKEW_LIMIT_MS) return pass(`The clocks of this host and ${service} differ by ${Math.abs(seconds)} s.`);
  const side = skewMs > 0 ? 'behind' : 'ahead of';
  return fail(
    `This host's clock is ${Math.abs(seconds)} s ${side} ${service}'s.`,
    'Set the clock of this host: signed requests and schedules go wrong. In Azure, restart the app.',
  );
}

/** What `owns` names against the domains that the directory has. */
export function ownsFinding(owns: readonly string[] | null, domains: readonly string[]): Finding {
  const list = domains.slice(0, 20).join(', ');
  if (domains.length === 0) return fail('The directory tells no verified domain.', 'Name the domains in `owns`.');
  if (owns === null) return pass(`\`owns\` stands for the verified domains: ${list}.`);
  const known = new Set(domains.map((domain) => domain.toLowerCase()));
  const foreign = owns.filter((domain) => !known.has(domain.replace(/^\*\./, '').toLowerCase()));
  if (foreign.length === 0) return pass(`Every domain of \`owns\` is verified here.`);
  return warning(
    `\`owns\` names ${foreign.slice(0, 20).join(', ')}, not verified in this directory (it has ${list}).`,
    'Correct `owns`, or leave it if these addresses do belong to its people.',
  );
}
