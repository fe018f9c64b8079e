import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeImceaex, parseX500 } from './imceaex.ts';

describe('IMCEAEX', () => {
  it('is decoded as Microsoft describes it', () => {
    expect(
      decodeImceaex(
        'IMCEAEX-_O=MMS_OU=EXCHANGE+20ADMINISTRATIVE+20GROUP+20+28FYDIBOHF23SPDLT+29_CN=RECIPIENTS_CN=User6ed4e168-addd-4b03-95f5-b9c9a421957358d@mgd.example.com',
      ),
    ).toEqual({
      x500: '/O=MMS/OU=EXCHANGE ADMINISTRATIVE GROUP (FYDIBOHF23SPDLT)/CN=RECIPIENTS/CN=User6ed4e168-addd-4b03-95f5-b9c9a421957358d',
      domain: 'mgd.example.com',
    });
  });

  it('is found in the text of a bounce, across its line breaks, and after a URL ate its plus signs', () => {
    const bounce =
      'Delivery has failed to these recipients:\r\n\r\n Ada Berg (IMCEAEX-_o=ExchangeLabs_ou=Exchange+20Administrative+20\r\n  Group_cn=Recipients_cn=ab12-ada@eurprd02.prod.outlook.com)\r\nThe email address you entered';
    expect(decodeImceaex(bounce)).toEqual({
      x500: '/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=ab12-ada',
      domain: 'eurprd02.prod.outlook.com',
    });
    const query = new URLSearchParams('imceaex=IMCEAEX-_o=First+20Org_cn=a@b.example').get('imceaex')!;
    expect(decodeImceaex(query)?.x500).toBe('/o=First Org/cn=a');
    expect(decodeImceaex('IMCEAEX-_o=First_cn=A+5Fb+2Bc@x.example')?.x500).toBe('/o=First/cn=A_b+c');
  });

  it('reads UTF-8, and Latin-1 where it is no UTF-8', () => {
    expect(decodeImceaex('IMCEAEX-_o=x_cn=Z+C3+B6e@a.example')?.x500).toBe('/o=x/cn=Zöe');
    expect(decodeImceaex('IMCEAEX-_o=x_cn=Z+F6e@a.example')?.x500).toBe('/o=x/cn=Zöe');
  });

  it('is nothing in other texts', () => {
    for (const text of ['', 'ada@a.example', 'IMCEAEX-', '/o=x/cn=y', 'IMCEASMTP-x@y.example']) expect(decodeImceaex(text)).toBeNull();
  });

  it('comes back from every X500 address that Exchange would encode', () => {
    const encode = (x500: string): string =>
      [...new TextEncoder().encode(x500)]
        .map((byte) => {
          const char = String.fromCharCode(byte);
          if (char === '/') return '_';
          return /[A-Za-z0-9=.-]/.test(char) ? char : `+${byte.toString(16).toUpperCase().padStart(2, '0')}`;
        })
        .join('');
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => text.isWellFormed()),
          { minLength: 1, maxLength: 4 },
        ),
        (parts) => {
          const x500 = `/o=${parts.join('/cn=')}`;
          expect(decodeImceaex(`IMCEAEX-${encode(x500)}@b.example`)).toEqual({ x500, domain: 'b.example' });
        },
      ),
    );
  });

  it('takes X500 addresses with and without prefix', () => {
    expect(parseX500(' X500:/o=A/cn=b ')).toBe('/o=A/cn=b');
    expect(parseX500('/O=A/cn=b')).toBe('/O=A/cn=b');
    expect(parseX500('ada@a.example')).toBeNull();
  });
});
