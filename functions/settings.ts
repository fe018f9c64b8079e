/** The app settings that regard the process itself; secrets are read elsewhere, by name. */
export interface Settings {
  /** Callers on the loopback address hold every role but Agent: a developer's machine. */
  readonly localOperator: boolean;
  /** App Service authentication stands in front of the app. */
  readonly platformAuthentication: boolean;
  /** Hosts besides the vendors' that endpoints may name. */
  readonly endpointHosts: readonly string[];
  /** Key with which Exchange Online wants passwords encrypted, where Microsoft's is not the one that we ship: `modulus.exponent` in base64. */
  readonly exchangeKey: { readonly modulus: string; readonly exponent: string } | null;
}

let read: Settings | null = null;

/** Reads the settings once. Throws where the local operator is switched on inside Azure. */
export function settings(): Settings {
  if (read) return read;
  const env = process.env;
  const localOperator = env['GALSYNC_LOCAL_OPERATOR'] === '1';
  if (localOperator && env['WEBSITE_INSTANCE_ID']) {
    throw new Error('GALSYNC_LOCAL_OPERATOR is set although this app runs in Azure: remove the setting. It gives every caller all roles.');
  }
  read = {
    localOperator,
    platformAuthentication: env['WEBSITE_AUTH_ENABLED']?.toLowerCase() === 'true',
    exchangeKey: keyOf(env['GALSYNC_EXCHANGE_KEY']),
    endpointHosts: (env['GALSYNC_ENDPOINT_HOSTS'] ?? '').split(/[\s,;]+/).filter(Boolean),
  };
  return read;
}

function keyOf(text: string | undefined): Settings['exchangeKey'] {
  if (!text) return null;
  const [modulus, exponent] = text.split('.');
  if (modulus && exponent) return { modulus, exponent };
  throw new Error(
    'GALSYNC_EXCHANGE_KEY must be modulus and exponent in base64 with a dot between them; remove it to use the key that is shipped.',
  );
}
