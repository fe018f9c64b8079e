import type { EntryPart } from '../../model/entry.ts';
import type { Asked } from './asked.ts';
import type { CmdletResult, Exchange } from './exchange.ts';
import { contactPart, recipientPart, sendersPart } from './exchangeParts.ts';
import type { SetPage } from './graphSets.ts';
import type { Position } from './position.ts';

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
 * One page of who may write to groups of one type. https://learn.microsoft.com/powershell/module/exchange/get-distributiongroup (and
 * get-dynamicdistributiongroup, get-unifiedgroup): RequireSenderAuthenticationEnabled is not among what Get-Recipient returns.
 */
export async function sendersPage(exchange: Exchange, name: string, position: Position): Promise<SetPage> {
  const select = ['Guid', 'ExternalDirectoryObjectId', 'RecipientTypeDetails', 'RequireSenderAuthenticationEnabled'];
  const result = await listed(exchange, name, select, position.link);
  return pageOf(
    result,
    result.rows.flatMap((row) => sendersPart(row, name === 'Get-DynamicDistributionGroup') ?? []),
  );
}

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
