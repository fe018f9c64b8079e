import type { ConfigurationFault, ConnectorSettings, RouteSettings } from '../model/configuration.ts';

interface Line<T> {
  readonly path: string;
  /** True if the value asks for behaviour that is not built yet. */
  readonly asks: (settings: T) => boolean;
}

/** Values that are right but whose behaviour is not built yet: nothing is ever silently ignored. Each line goes when its part comes. */
const CONNECTOR: readonly Line<ConnectorSettings>[] = [{ path: '/kind', asks: (c) => c.kind === 'exchangeOnPremises' }];

const ROUTE: readonly Line<RouteSettings>[] = [];

/** Faults `not available yet`, with their paths. */
export function notAvailable(settings: ConnectorSettings | RouteSettings, start: string): readonly ConfigurationFault[] {
  const faults = 'kind' in settings ? CONNECTOR.filter((line) => line.asks(settings)) : ROUTE.filter((line) => line.asks(settings));
  return faults.map(({ path }) => ({
    path: `${start}${path}`,
    message: 'not available yet',
    fix: 'Leave it at its default until then.',
  }));
}
