import { addressKey } from '../connectors/connector.ts';
import type { Link } from '../model/link.ts';

/** Comparable keys of what an object of ours holds, as far as its link knows. */
export function addressesOf(link: Pick<Link, 'image'>): readonly string[] {
  const value = link.image.addresses;
  const listed = value === null || value === undefined ? [] : typeof value === 'string' ? [value] : value;
  const delivery = typeof link.image.deliveryAddress === 'string' ? [link.image.deliveryAddress] : [];
  return [...new Set([...listed, ...delivery].map(addressKey))];
}
