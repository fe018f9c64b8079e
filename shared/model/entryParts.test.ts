import { describe, expect, it } from 'vitest';
import { type EntryPart, laterPart, settledPart } from './entry.ts';

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
