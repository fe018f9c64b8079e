/** The app settings that regard the process itself; secrets are read elsewhere, by name. */
export interface Settings {
  /** Callers on the loopback address hold every role but Agent: a developer's machine. */
  readonly localOperator: boolean;
  /** App Service authentication stands in front of the app. */
  readonly platformAuthentication: boolean;
  /** Hosts besides the vendors' that endpoints may name. */
  readonly endpointHosts: readonly string[];
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
    endpointHosts: (env['GALSYNC_ENDPOINT_HOSTS'] ?? '').split(/[\s,;]+/).filter(Boolean),
  };
  return read;
}
