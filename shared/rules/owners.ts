import type { ConnectorSettings } from '../model/configuration.ts';

/** Whose domain is it (contract, "Whose entry is it"). Domains in lower case. */
export interface DomainOwners {
  /** The one connector that owns a domain, or null. */
  ownerOf(domain: string): string | null;
  /** Domains that a connector alone owns. */
  ownedBy(connector: string): ReadonlySet<string>;
  /**
   * Sentences about domains that two connectors own and connectors never read, as far as they regard a route: its source or target is among
   * them, or an entry that leaves over it (`domains`: of their primary addresses) would be decided otherwise without them.
   */
  warningsFor(route: { readonly from: string; readonly to: string }, domains: ReadonlySet<string>): readonly string[];
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
  const owned = new Map<string, Set<string>>();
  const unread: string[] = [];
  for (const connector of connectors) {
    const domains = connector.owns ?? (Object.hasOwn(read, connector.id) ? read[connector.id] : undefined);
    if (!domains) unread.push(connector.id);
    for (const domain of new Set((domains ?? []).map((name) => name.toLowerCase())))
      owners.set(domain, [...(owners.get(domain) ?? []), connector.id]);
  }
  for (const [domain, ids] of owners) if (ids.length === 1) owned.set(ids[0]!, (owned.get(ids[0]!) ?? new Set()).add(domain));
  const contested = [...owners].filter(([, ids]) => ids.length > 1);
  return {
    ownerOf(domain) {
      const ids = owners.get(domain.toLowerCase());
      return ids?.length === 1 ? ids[0]! : null;
    },
    ownedBy: (connector) => owned.get(connector) ?? new Set(),
    warningsFor({ from, to }, domains) {
      const ours = (id: string): boolean => id === from || id === to;
      const anybodys = [...domains].some((domain) => !owners.has(domain.toLowerCase()));
      return [
        ...unread.filter((id) => ours(id) || anybodys).map((id) => `Connector "${id}" was never read: it owns no domain yet.`),
        ...contested
          .filter(([domain, ids]) => ids.some(ours) || domains.has(domain))
          .map(([domain, ids]) => `Domain ${domain} is owned by ${ids.join(' and ')}: it counts as owned by none.`),
      ];
    },
  };
}
