import { describe, expect, it } from 'vitest';
import { createSecrets } from './secrets.ts';

describe('createSecrets', () => {
  it('reads the setting first, then the vault, with "_" written "-"', async () => {
    const asked: string[] = [];
    const secrets = createSecrets({ OWN: 'from-env', EMPTY_ONE: '' }, async (name) => {
      asked.push(name);
      return 'from-vault';
    });
    expect(await secrets.read('OWN')).toBe('from-env');
    expect(await secrets.read('EMPTY_ONE')).toBe('from-vault');
    expect(asked).toEqual(['EMPTY-ONE']);
  });

  it('asks the vault again after five minutes', async () => {
    let now = 0;
    let asked = 0;
    const secrets = createSecrets(
      {},
      async () => `value ${++asked}`,
      () => now,
    );
    expect(await secrets.read('A')).toBe('value 1');
    now = 299_999;
    expect(await secrets.read('A')).toBe('value 1');
    now = 300_000;
    expect(await secrets.read('A')).toBe('value 2');
  });

  it('names the setting that is missing, and asks again next time', async () => {
    let value: string | null = null;
    const secrets = createSecrets({}, async () => value);
    const failing = secrets.read('CONTOSO_SECRET');
    await expect(failing).rejects.toMatchObject({ failure: { code: 'secretMissing', message: expect.stringContaining('CONTOSO_SECRET') } });
    value = 'now there';
    expect(await secrets.read('CONTOSO_SECRET')).toBe('now there');
  });

  it('needs no vault where none is named', async () => {
    await expect(createSecrets({}).read('X')).rejects.toMatchObject({ failure: { code: 'secretMissing' } });
  });
});
