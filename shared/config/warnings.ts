import type { Configuration, PushType } from '../model/configuration.ts';

/** Push types whose objects cannot be hidden from an address list. */
const CANNOT_HIDE: ReadonlySet<PushType> = new Set(['sharedContact', 'mailboxContact']);

/** Settings that are allowed and have no effect where they stand: said, never silently ignored. */
export function warningsOf(configuration: Configuration): readonly string[] {
  return configuration.routes.flatMap((route) => {
    if (!CANNOT_HIDE.has(route.push.as)) return [];
    const warnings: string[] = [];
    if (route.push.addressList === 'hidden' || route.push.addressList === 'likeSource')
      warnings.push(`Route "${route.id}": its target cannot hide entries; "addressList": "${route.push.addressList}" has no effect.`);
    for (const reason of ['gone', 'outOfScope'] as const)
      if (route.leavers[reason].policy === 'hide')
        warnings.push(`Route "${route.id}": its target cannot hide entries; with "leavers/${reason}": "hide" they stay as they are.`);
    return warnings;
  });
}
