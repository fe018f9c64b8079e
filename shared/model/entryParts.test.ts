import { describe, expect, it } from 'vitest';
import { type EntryPart, laterPart, mergeParts, settledPart } from './entry.ts';

const whole = (more: Partial<EntryPart> = {}): EntryPart => ({
  id: 'a',
  primary: true,
  fields: { type: 'UserMailbox', hidden: false },
  ...more,
});
const only = (managerRef?: string): EntryPart => ({
  id: 'a',
  primary: true,
  manager: 'only',
  fields: managerRef === undefined ? {} : { managerRef },
});

describe('parts of one object', () => {
  it('are joined: a later one wins, but X500 addresses add up, each once', () => {
    const parts: readonly EntryPart[] = [
      whole({ fields: { type: 'user', addresses: ['a@a.example'], x500: ['/o=Old/cn=a'] } }),
      { id: 'a', primary: false, fields: { type: 'UserMailbox', x500: ['/O=old/CN=A', '/o=Older/cn=a'] } },
      { id: 'a', primary: false, fields: { x500: ['/o=ExchangeLabs/cn=a'] } },
      { id: 'a', primary: false, fields: { hidden: true } },
    ];
    expect(mergeParts(parts)).toMatchObject({
      type: 'UserMailbox',
      hidden: true,
      addresses: ['a@a.example'],
      x500: ['/o=Old/cn=a', '/o=Older/cn=a', '/o=ExchangeLabs/cn=a'],
    });
    expect(mergeParts(parts.slice(3).map((part) => ({ ...part, primary: true })))).not.toHaveProperty('x500');
  });
});

describe('parts that tell the manager apart from everything else', () => {
  it('join in any order to what one part would say', () => {
    const said = whole({ fields: { type: 'UserMailbox', hidden: false, managerRef: 'm' } });
    const unsaid = whole({ manager: 'unsaid' });
    expect(settledPart(undefined, laterPart(unsaid, only('m'))!)).toEqual(said);
    expect(settledPart(undefined, laterPart(only('m'), unsaid)!)).toEqual(said);
    expect(settledPart(said, unsaid)).toEqual(said);
    expect(settledPart(whole(), only('m'))).toEqual(said);
  });

  it('say what they do not say by what was known, and the later one wins', () => {
    const known = whole({ fields: { type: 'UserMailbox', hidden: false, managerRef: 'old' } });
    const changed = whole({ manager: 'unsaid', fields: { type: 'UserMailbox', hidden: true } });
    expect(settledPart(known, changed)?.fields).toEqual({ type: 'UserMailbox', hidden: true, managerRef: 'old' });
    expect(settledPart(known, only())?.fields).toEqual({ type: 'UserMailbox', hidden: false });
    expect(laterPart(only('m1'), only('m2'))).toEqual(only('m2'));
    expect(settledPart(known, whole())?.fields).toEqual({ type: 'UserMailbox', hidden: false });
  });

  it('tell nothing of an object that is gone or was never read', () => {
    expect(laterPart(null, only('m'))).toBeNull();
    expect(settledPart(undefined, only('m'))).toBeNull();
    expect(laterPart(null, whole())).toEqual(whole());
  });
});
