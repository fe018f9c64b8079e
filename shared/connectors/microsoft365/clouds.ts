import type { Microsoft365Settings } from '../../model/configuration.ts';

/** Hosts of one Microsoft cloud, and the resources that tokens are asked for. */
export interface Cloud {
  readonly login: string;
  readonly graph: string;
  readonly exchange: string;
  /** Where Exchange may redirect to: its own host and regional hosts below it. */
  readonly exchangeDomain: string;
  /** Audience of the managed identity's token that stands for the application (workload identity federation). */
  readonly federationAudience: string;
}

/**
 * Hosts by cloud (learn.microsoft.com/graph/deployments, Exchange Admin API "get started"). China's Exchange host is told in two ways by
 * Microsoft's own pages; the one that their scripts use stands here, `endpoints.exchange` overrides it.
 */
export const CLOUDS: Readonly<Record<Microsoft365Settings['cloud'], Cloud>> = {
  global: {
    login: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
    exchange: 'https://outlook.office365.com',
    exchangeDomain: 'outlook.office365.com',
    federationAudience: 'api://AzureADTokenExchange',
  },
  usgov: {
    login: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
    exchange: 'https://outlook.office365.us',
    exchangeDomain: 'outlook.office365.us',
    federationAudience: 'api://AzureADTokenExchangeUSGov',
  },
  dod: {
    login: 'https://login.microsoftonline.us',
    graph: 'https://dod-graph.microsoft.us',
    exchange: 'https://outlook-dod.office365.us',
    exchangeDomain: 'outlook-dod.office365.us',
    federationAudience: 'api://AzureADTokenExchangeUSGov',
  },
  china: {
    login: 'https://login.chinacloudapi.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    exchange: 'https://partner.outlook.cn',
    exchangeDomain: 'partner.outlook.cn',
    federationAudience: 'api://AzureADTokenExchangeChina',
  },
};

/** Base URLs that a connector calls, without a final slash; `endpoints` of the settings win over the cloud's. */
export interface Endpoints {
  readonly login: string;
  readonly graph: string;
  readonly exchange: string;
  readonly cloud: Cloud;
}

/** The base URLs of one connector. */
export function endpointsOf(settings: Pick<Microsoft365Settings, 'cloud' | 'endpoints'>): Endpoints {
  const cloud = CLOUDS[settings.cloud];
  const base = (name: 'login' | 'graph' | 'exchange'): string => (settings.endpoints[name] ?? cloud[name]).replace(/\/+$/, '');
  return { login: base('login'), graph: base('graph'), exchange: base('exchange'), cloud };
}

/**
 * True if a link that came in an answer may get our token: the same origin as the base, another loopback address where the base is one,
 * or a host of the vendor's own domain.
 */
export function mayFollow(link: string, base: string, vendorDomain: string): boolean {
  if (!URL.canParse(link)) return false;
  const to = new URL(link);
  const from = new URL(base);
  if (to.origin === from.origin) return true;
  if (isLoopback(from.hostname)) return isLoopback(to.hostname);
  return to.protocol === 'https:' && (to.hostname === vendorDomain || to.hostname.endsWith(`.${vendorDomain}`));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}
