import { describe, expect, it } from 'vitest';
import { KINDS } from './entry.ts';
import { pushTypeOf, pushTypesOf } from './pushType.ts';

describe('what an entry becomes', () => {
  it('"as" says it of users; every other kind becomes a contact', () => {
    for (const as of ['guest', 'mailUser'] as const) {
      expect(KINDS.map((kind) => pushTypeOf(as, kind))).toEqual([as, 'contact', 'contact', 'contact', 'contact']);
      expect(pushTypesOf(as)).toEqual([as, 'contact']);
    }
  });

  it('is the same for all kinds where the directory has one kind of object', () => {
    for (const as of ['contact', 'sharedContact', 'mailboxContact'] as const) {
      expect(new Set(KINDS.map((kind) => pushTypeOf(as, kind)))).toEqual(new Set([as]));
      expect(pushTypesOf(as)).toEqual([as]);
    }
  });
});
