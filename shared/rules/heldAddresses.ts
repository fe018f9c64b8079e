import { addressKey } from '../connectors/connector.ts';
import type { Link } from '../model/link.ts';
import type { FieldChange, FieldName, Fields } from '../model/plan.ts';

/** Comparable keys of what an object of ours holds, as far as its link knows. */
export function addressesOf(link: Pick<Link, 'image'>): readonly string[] {
  const value = link.image.addresses;
  const listed = value === null || value === undefined ? [] : typeof value === 'string' ? [value] : value;
  const delivery = typeof link.image.deliveryAddress === 'string' ? [link.image.deliveryAddress] : [];
  return [...new Set([...listed, ...delivery].map(addressKey))];
}

/** Everything that an object held, as the fields of the change that deletes it. */
export function beforeImage(image: Fields): readonly FieldChange[] {
  return (Object.keys(image) as FieldName[]).flatMap((name) => {
    const before = image[name] ?? null;
    return before === null ? [] : [{ name, before, after: null }];
  });
}
