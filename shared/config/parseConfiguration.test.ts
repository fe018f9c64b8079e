import { describe, expect, it } from 'vitest';
import { parseConfigurationText } from './parseConfiguration.ts';

const file = (text: string) => parseConfigurationText(text, { jsonc: true });
const http = (text: string) => parseConfigurationText(text, { jsonc: false });
const first = (parsed: ReturnType<typeof file>) => (parsed.ok ? null : parsed.faults[0]);

describe('parseConfigurationText', () => {
  it('accepts comments and trailing commas in files only', () => {
    const text = '{ // one\n "version": 1, /* two */ "routes": [1, 2,], }';
    expect(file(text)).toEqual({ ok: true, document: { version: 1, routes: [1, 2] } });
    expect(http(text).ok).toBe(false);
    expect(http('{"version": 1,}').ok).toBe(false);
    expect(http('{"version": 1}')).toEqual({ ok: true, document: { version: 1 } });
  });

  it('accepts a byte order mark', () => {
    expect(file('\uFEFF{"version":1}').ok).toBe(true);
  });

  it('says where the syntax is wrong', () => {
    expect(first(http('{\n  "version": }'))).toMatchObject({ path: '/version', message: expect.stringContaining('line 2, column 14') });
    expect(first(http('{// said\n"version": 1}'))?.path).toBe('');
    expect(first(http('{"routes": [{ , }]}'))?.path).toBe('/routes/0');
    for (const text of ['', '{', '{} {}', "{'a': 1}", '{"a": NaN}', '{"a": 0x10}', '{"a": "x']) expect(http(text).ok, text).toBe(false);
  });

  it('refuses keys that stand twice, escaped ones too, with their path', () => {
    expect(first(http('{"a/b": {"c": 1, "c": 2}}'))).toMatchObject({ path: '/a~1b/c', message: expect.stringContaining('twice') });
    expect(first(http('{"\\u0061": 1, "a": 2}'))?.path).toBe('/a');
  });

  it('refuses more than 1 MiB, counted in bytes', () => {
    expect(first(http(JSON.stringify('é'.repeat(524_288))))?.message).toMatch(/1 MiB/);
    expect(http(JSON.stringify('é'.repeat(524_287))).ok).toBe(true);
  });

  it('keeps "__proto__" a key like any other', () => {
    const parsed = http('{"__proto__": {"paused": true}}');
    expect(parsed.ok && Object.keys(parsed.document as object)).toEqual(['__proto__']);
    expect(({} as { paused?: boolean }).paused).toBeUndefined();
  });
});
