import { addressKey } from '../connectors/connector.ts';
import type { Configuration } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { count, listed, person, quoted } from '../rules/explainWords.ts';
import { decodeImceaex, parseX500 } from '../rules/imceaex.ts';
import type { SyncContext } from './context.ts';
import { brief, type DirectoryLookup, linkHolds, lookInto, searchLinks } from './directoryLookup.ts';
import { Refusal } from './refusal.ts';

export interface X500Query {
  /** An X500 address, or an SMTP address of the person. */
  readonly address?: string | undefined;
  /** A bounced address, or the bounce's text with it. */
  readonly imceaex?: string | undefined;
}

/** An object of today that belongs to the person, and which of the X500 addresses it lacks. */
export interface X500Holder {
  readonly connector: string;
  readonly object: string;
  readonly kind: string;
  readonly type: string;
  readonly address: string;
  readonly displayName: string;
  readonly holds: readonly string[];
  readonly lacks: readonly string[];
}

export interface X500Answer {
  readonly asked: X500Query;
  /** The addresses in question, without prefix: the one asked for, or all that are known of the person. */
  readonly x500: readonly string[];
  /** The organisation that could not resolve it. */
  readonly bouncedAt: string | null;
  readonly answer: string;
  /** Who had it, as links remember (they keep it for ever). */
  readonly was: readonly {
    readonly route: string;
    readonly object: string;
    readonly target: string | null;
    readonly address: string;
    readonly displayName: string;
    readonly state: string;
    readonly endedBecause: string | null;
  }[];
  readonly now: readonly X500Holder[];
  /** What makes replies arrive again. */
  readonly add: readonly {
    readonly connector: string;
    readonly object: string;
    readonly value: string;
    readonly text: string;
    readonly command: string | null;
  }[];
  /** False: not all links could be looked at in time. */
  readonly complete: boolean;
}

const SEARCH_MS = 60_000;

/** Whose an X500 address was, which object has it now, and what to add so that replies to old messages arrive (promise 8). Reads only. */
export async function findX500(context: SyncContext, query: X500Query): Promise<X500Answer> {
  const asked = parseQuery(query);
  const { configuration } = await context.configuration();
  const lookups = (await Promise.all(configuration.connectors.map(({ id }) => lookInto(context, configuration, id)))).filter(
    (one) => one !== null,
  );
  const { links, complete } = await linksOf(context, configuration, asked);
  const found = await objectsOf(configuration, lookups, asked, links);
  const known = asked.x500
    ? [asked.x500]
    : distinct([...links.flatMap((link) => link.x500), ...found.flatMap(({ entry }) => entry.x500 ?? [])]);
  const now = found.map(({ connector, entry }): X500Holder => {
    const held = new Set((entry.x500 ?? []).map((value) => value.toLowerCase()));
    return {
      ...brief(connector, entry),
      holds: known.filter((value) => held.has(value.toLowerCase())),
      lacks: known.filter((value) => !held.has(value.toLowerCase())),
    };
  });
  const add = additions(configuration, now, lookups, asked.domain);
  const was = links.map(({ route, sourceId, targetId, address, displayName, state, endedBecause }) => ({
    route,
    object: sourceId,
    target: targetId,
    address,
    displayName,
    state,
    endedBecause,
  }));
  return {
    asked: query,
    x500: known,
    bouncedAt: asked.domain,
    answer: answerOf(asked, known, was, now, add, complete),
    was,
    now,
    add,
    complete,
  };
}

interface Asked {
  readonly x500: string | null;
  readonly smtp: string | null;
  readonly domain: string | null;
}

function parseQuery({ address, imceaex }: X500Query): Asked {
  const text = imceaex ?? address ?? '';
  if ((address === undefined) === (imceaex === undefined))
    throw new Refusal('invalid', 400, 'Give either "address" (X500 or SMTP) or "imceaex" (the bounced address).');
  const decoded = decodeImceaex(text);
  if (decoded) return { x500: parseX500(decoded.x500) ?? decoded.x500, smtp: null, domain: decoded.domain };
  if (imceaex !== undefined)
    throw new Refusal(
      'invalid',
      400,
      'There is no IMCEAEX address in this text. It looks like IMCEAEX-_o=…_ou=…_cn=Recipients_cn=…@domain; encode "+" as %2B in a URL.',
    );
  const x500 = parseX500(text);
  if (x500) return { x500, smtp: null, domain: null };
  if (text.includes('@')) return { x500: null, smtp: text.trim(), domain: null };
  throw new Refusal('invalid', 400, 'This is neither an X500 address (/o=…) nor a mail address.');
}

async function linksOf(
  context: SyncContext,
  configuration: Configuration,
  asked: Asked,
): Promise<{ links: readonly Link[]; complete: boolean }> {
  const until = context.now().getTime() + SEARCH_MS;
  const wanted = asked.x500?.toLowerCase();
  const links: Link[] = [];
  let complete = true;
  for (const route of configuration.routes) {
    const found = await searchLinks(context, route.id, until, (link) =>
      wanted === undefined ? linkHolds(link, asked.smtp ?? '') : link.x500.some((value) => value.toLowerCase() === wanted),
    );
    links.push(...found.links);
    complete &&= found.complete;
  }
  return { links, complete };
}

interface Found {
  readonly connector: string;
  readonly entry: Entry;
}

/** Objects of today: who holds the address, the source and target object of each link, and whoever has the person's address now. */
async function objectsOf(
  configuration: Configuration,
  lookups: readonly DirectoryLookup[],
  asked: Asked,
  links: readonly Link[],
): Promise<readonly Found[]> {
  const found = new Map<string, Found>();
  const put = (connector: string, entry: Entry | undefined): void =>
    void (entry && found.set(`${connector}\0${entry.id}`, { connector, entry }));
  const addresses = new Set(links.map((link) => link.address).filter(Boolean));
  if (asked.smtp) addresses.add(asked.smtp);
  for (const lookup of lookups) {
    const keys = [...(asked.x500 ? [`x500:${asked.x500.toLowerCase()}`] : []), ...[...addresses].map(addressKey)];
    for (const key of keys) for (const entry of await lookup.find(key)) put(lookup.connector, entry);
  }
  for (const link of links) {
    const route = configuration.routes.find((one) => one.id === link.route);
    const side = (id: string | undefined): DirectoryLookup | undefined => lookups.find((lookup) => lookup.connector === id);
    put(route?.from ?? '', (await side(route?.from)?.get(link.sourceId))?.entry);
    if (link.state === 'linked' && link.targetId) put(route?.to ?? '', (await side(route?.to)?.get(link.targetId))?.entry);
  }
  return [...found.values()];
}

/** Exchange's cmdlet for what a directory says an object is; others are told in words only. */
const CMDLETS: Readonly<Record<string, string>> = {
  UserMailbox: 'Set-Mailbox',
  SharedMailbox: 'Set-Mailbox',
  RoomMailbox: 'Set-Mailbox',
  EquipmentMailbox: 'Set-Mailbox',
  MailUser: 'Set-MailUser',
  MailContact: 'Set-MailContact',
  MailUniversalDistributionGroup: 'Set-DistributionGroup',
  MailUniversalSecurityGroup: 'Set-DistributionGroup',
};

function additions(
  configuration: Configuration,
  now: readonly X500Holder[],
  lookups: readonly DirectoryLookup[],
  domain: string | null,
): X500Answer['add'] {
  // The bounce comes from the sender's organisation: if that is one of ours, only its object matters.
  const there =
    domain === null ? undefined : lookups.find((lookup) => lookup.state.domains.some((one) => one.toLowerCase() === domain))?.connector;
  return now.flatMap((holder) => {
    const settings = configuration.connectors.find((one) => one.id === holder.connector);
    // Google keeps no X500 addresses: nothing can be added there.
    if (settings?.kind === 'googleWorkspace' || (there !== undefined && there !== holder.connector)) return [];
    return holder.lacks.map((x500) => {
      const value = `X500:${x500}`;
      const cmdlet = CMDLETS[holder.type];
      const command = cmdlet ? `${cmdlet} -Identity ${powerShell(holder.object)} -EmailAddresses @{Add=${powerShell(value)}}` : null;
      const text = `Add ${value} to the addresses of ${person(holder.displayName, holder.address, holder.object)} in "${holder.connector}" (${holder.type} ${holder.object}).`;
      return { connector: holder.connector, object: holder.object, value, text, command };
    });
  });
}

/** In single quotes nothing is expanded; PowerShell takes typographic ones for quotes too. */
function powerShell(text: string): string {
  return `'${text.replace(/['‘’‚‛]/g, '$&$&')}'`;
}

function answerOf(
  asked: Asked,
  known: readonly string[],
  was: X500Answer['was'],
  now: readonly X500Holder[],
  add: X500Answer['add'],
  complete: boolean,
): string {
  const doubt = complete ? '' : ' Not all links could be looked at in time: ask again, or look for the name at the end of the address.';
  if (was.length + now.length === 0) {
    const hint = asked.x500 ? ` The last part of it, ${quoted(asked.x500.split(/\/cn=/i).at(-1))}, often tells the alias.` : '';
    return `Nobody that galsync knows has or had ${quoted(asked.x500 ?? asked.smtp)}.${hint}${doubt}`;
  }
  if (known.length === 0)
    return `No X500 address of ${quoted(asked.smtp)} is known: its directories gave none, and no link remembers one.${doubt}`;
  const people = [...new Set([...was, ...now].map((one) => person(one.displayName, one.address, one.object)))];
  const holders = now.filter((one) => one.holds.length > 0).map((one) => `"${one.connector}"`);
  const has = holders.length > 0 ? ` It is held now in ${listed([...new Set(holders)])}.` : ' No object of today holds it.';
  const step =
    add.length > 0
      ? ` ${add
          .slice(0, 3)
          .map((one) => one.text)
          .join(' ')}${add.length > 3 ? ` And ${add.length - 3} more: see "add".` : ''}`
      : ' Nothing needs to be added: whoever replied before may reply again.';
  return `${asked.x500 ? 'It belongs' : `${count(known.length, 'X500 address', 'X500 addresses')} known; they belong`} to ${listed(people.slice(0, 3))}.${has}${step}${doubt}`;
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Map(values.map((value) => [value.toLowerCase(), value])).values()];
}
