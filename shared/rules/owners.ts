import type { ConnectorSettings } from '../model/configuration.ts';

/** Whose domain is it (contract, "Whose entry is it"). Domains in lower case. */
export interface DomainOwners {
  /** The one connector that owns a domain, or null. */
  ownerOf(domain: string): string | null;
  /** Sentences about domains that two connectors own and connectors never read. */
  readonly warnings: readonly string[];
}

/**
 * A connector owns the domains of `owns`, else the verified domains of its last read. A domain that two connectors own counts as owned by none.
 * @param read connector id → domains of its last complete read; absent: never read.
 */
export function domainOwners(
  connectors: readonly Pick<ConnectorSettings, 'id' | 'owns'>[],
  read: Readonly<Record<string, readonly string[]>>,
): DomainOwners {
  const owners = new Map<string, string[]>();
  const warnings: string[] = [];
  for (const connector of connectors) {
    const domains = connector.owns ?? (Object.hasOwn(read, connector.id) ? read[connector.id] : undefined);
    if (!domains) warnings.push(`Connector "${connector.id}" was never read: it owns no domain yet.`);
    for (const domain of new Set((domains ?? []).map((name) => name.toLowerCase())))
      owners.set(domain, [...(owners.get(domain) ?? []), connector.id]);
  }
  for (const [domain, ids] of owners)
    if (ids.length > 1) warnings.push(`Domain ${domain} is owned by ${ids.join(' and ')}: it counts as owned by none.`);
  return {
    warnings,
    ownerOf(domain) {
      const ids = owners.get(domain.toLowerCase());
      return ids?.length === 1 ? ids[0]! : null;
    },
  };
}
