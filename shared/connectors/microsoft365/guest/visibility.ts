import type { Fields } from '../../../model/plan.ts';
import { type Exchange, ExchangeError } from '../exchange.ts';

/** What `hidden` of a change asks for, or null. */
export function wantedHidden(change: string, fields: Fields): boolean | null {
  if (change === 'hide') return true;
  return typeof fields.hidden === 'string' ? fields.hidden === 'true' : null;
}

/**
 * Shows a guest in the address lists, or hides it. Exchange hides guests by default and decides; Graph's `showInAddressList` is not to be
 * relied on (reference §2.5). Answers false while Exchange does not know the guest: it does seconds to minutes after the invitation.
 * Throws `ExchangeError` for any other refusal.
 */
export async function setHidden(exchange: Exchange, id: string, hidden: boolean): Promise<boolean> {
  try {
    await exchange({ name: 'Set-MailUser', parameters: { Identity: id, HiddenFromAddressListsEnabled: hidden }, idempotent: true });
    return true;
  } catch (error) {
    if (error instanceof ExchangeError && error.fault === 'notFound') return false;
    throw error;
  }
}
