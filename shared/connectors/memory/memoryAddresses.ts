import type { Entry } from '../../model/entry.ts';
import { addressKey } from '../connector.ts';

/** Addresses of every kind are unique, where mail is delivered among them, and so are aliases. */
export function clash(other: Entry, entry: Entry): boolean {
  const { alias } = entry.attributes;
  return (
    smtpOf(other).some((address) => smtpOf(entry).some((own) => addressKey(own) === addressKey(address))) ||
    (other.x500 ?? []).some((address) => entry.x500?.includes(address)) ||
    (alias !== undefined && other.stamp !== undefined && other.attributes.alias === alias)
  );
}

function smtpOf({ addresses, deliveryAddress }: Entry): readonly string[] {
  return deliveryAddress ? [...addresses, deliveryAddress] : addresses;
}
