import { FailureError } from '../model/failure.ts';

export interface Secrets {
  /** The secret under a name: an app setting or environment variable, else Key Vault. Throws `secretMissing`, never with a value. */
  read(name: string): Promise<string>;
}

const FRESH_MS = 5 * 60_000;

/** @param vault reads a Key Vault secret, null if there is none; by default the vault of `KEY_VAULT_URI`, by identity. */
export function createSecrets(
  env: Readonly<Record<string, string | undefined>>,
  vault: (name: string) => Promise<string | null> = keyVault(env['KEY_VAULT_URI']),
  now: () => number = Date.now,
): Secrets {
  const cache = new Map<string, { readonly value: string; readonly at: number }>();
  return {
    async read(name) {
      const own = Object.hasOwn(env, name) ? env[name] : undefined;
      if (own) return own;
      const known = cache.get(name);
      if (known && now() - known.at < FRESH_MS) return known.value;
      const value = await vault(name.replaceAll('_', '-'));
      if (!value)
        throw new FailureError({
          code: 'secretMissing',
          message: `The secret "${name}" is neither an app setting nor in Key Vault.`,
          nextStep: `Store it as app setting ${name} or as Key Vault secret ${name.replaceAll('_', '-')}.`,
        });
      cache.set(name, { value, at: now() });
      return value;
    },
  };
}

function keyVault(uri: string | undefined): (name: string) => Promise<string | null> {
  if (!uri) return async () => null;
  return async (name) => {
    // Loaded when first needed: most starts need no vault.
    const [{ SecretClient }, { DefaultAzureCredential }] = await Promise.all([
      import('@azure/keyvault-secrets'),
      import('@azure/identity'),
    ]);
    try {
      return (await new SecretClient(uri, new DefaultAzureCredential()).getSecret(name)).value ?? null;
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return null;
      throw new FailureError({
        code: 'secretMissing',
        message: `Key Vault did not give the secret "${name}" (${(error as Error).name}).`,
        nextStep: "Check that the app's identity has the role Key Vault Secrets User.",
      });
    }
  };
}
