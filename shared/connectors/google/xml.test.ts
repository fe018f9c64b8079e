import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildXml, childOf, element, legal, parseXml } from './xml.ts';

describe('reading', () => {
  it('resolves named and numeric entities, once', () => {
    const root = parseXml(`<a b="&#39;&#x1F600;&quot;&amp;lt;">caf&#233; &amp;amp; &lt;b&gt; &unknown;</a>`)!;
    expect(root.text).toBe('café &amp; <b> &unknown;');
    expect(root.attributes['b']).toBe(`'😀"&lt;`);
  });

  it('reads CDATA as it stands and has no limit on ordinary entities', () => {
    expect(parseXml('<a>1<!-- no --><![CDATA[ &amp; <x> ]]>2</a>')!.text).toBe('1 &amp; <x> 2');
    expect(parseXml(`<a>${'<b>&amp;&lt;</b>'.repeat(5_000)}</a>`)!.children[4_999]!.text).toBe('&<');
  });

  it.each([
    ['plain text', 'Contacts API is being deprecated.'],
    ['nothing', ''],
    ['HTML', '<!DOCTYPE html><html><body>Sign in<br></body></html>'],
    ['a cut answer', '<feed><entry><id>1</id></ent'],
    ['entities of its own', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['two roots', '<a/><b/>'],
  ])('%s is no document', (_, text) => {
    expect(parseXml(text)).toBeNull();
  });
});

describe('writing', () => {
  it('any text comes back from element and attribute, but for what is illegal', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('a\r\n\tb', ']]>', '\uD800', '\uFFFE', '<&">'));
    fc.assert(
      fc.property(texts, texts, (attribute, text) => {
        const root = parseXml(buildXml(element('a', { b: attribute }, [element('c', {}, [], text)])))!;
        expect(root.attributes['b']).toBe(legal(attribute));
        expect(childOf(root, 'c')!.text).toBe(legal(text));
      }),
      { numRuns: 400 },
    );
  });
});
