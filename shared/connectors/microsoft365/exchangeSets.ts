import type { EntryPart } from '../../model/entry.ts';
import type { Asked } from './asked.ts';
import type { CmdletResult, Exchange } from './exchange.ts';
import { contactPart, detailPart, recipientPart } from './exchangeParts.ts';
import type { SetPage } from './graphSets.ts';
import { DETAIL_SETS, type DetailSet, type Position } from './position.ts';

/** One page of every recipient of the organisation. https://learn.microsoft.com/powershell/module/exchange/get-recipient */
export async function recipientsPage(exchange: Exchange, asked: Asked, position: Position): Promise<SetPage> {
  const result = await listed(exchange, 'Get-Recipient', asked.recipient, position.link);
  return pageOf(
    result,
    result.rows.flatMap((row) => recipientPart(row, asked) ?? []),
  );
}

/** One page of what only Get-Contact tells of mail contacts. https://learn.microsoft.com/powershell/module/exchange/get-contact */
export async function contactsPage(exchange: Exchange, asked: Asked, position: Position): Promise<SetPage> {
  const result = await listed(exchange, 'Get-Contact', asked.contact, position.link);
  return pageOf(
    result,
    result.rows.flatMap((row) => contactPart(row, asked) ?? []),
  );
}

/**
 * One page of what Get-Recipient leaves out of one kind of recipient: who may write to a group, and everybody's own X500 address
 * (`LegacyExchangeDN`: learn.microsoft.com powershell/exchange/filter-properties names the cmdlets that have it, Get-Recipient not among them).
 */
export async function detailsPage(exchange: Exchange, asked: Asked, set: DetailSet, position: Position): Promise<SetPage> {
  const ofGroups = set.endsWith('Groups');
  const senders = ofGroups && asked.senders ? ['RequireSenderAuthenticationEnabled'] : [];
  const x500 = !ofGroups || asked.groupX500 ? ['LegacyExchangeDN'] : [];
  const select = [...DETAIL_IDS, ...senders, ...x500];
  const result = await listed(exchange, DETAIL_SETS[set], select, position.link);
  const own = set === 'mailContacts' || set === 'dynamicGroups';
  return pageOf(
    result,
    result.rows.flatMap((row) => detailPart(row, own) ?? []),
  );
}

const DETAIL_IDS = ['Guid', 'ExternalDirectoryObjectId', 'RecipientTypeDetails'];

function listed(exchange: Exchange, name: string, select: readonly string[], link: string | null): Promise<CmdletResult> {
  return exchange({ name, parameters: { ResultSize: 'Unlimited' }, select, link, idempotent: true });
}

function pageOf(result: CmdletResult, parts: readonly EntryPart[]): SetPage {
  return {
    mode: 'full',
    parts,
    removed: [],
    received: result.rows.length,
    restarted: false,
    listed: true,
    next: result.nextLink,
    token: null,
  };
}
