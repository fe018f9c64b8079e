/** The floor: the pages that hold the same objects, fetched one after the other and parsed, with nothing around them. */
import { report } from './measure.ts';

interface Page {
  readonly value?: readonly { readonly id?: string }[];
  readonly users?: readonly { readonly id?: string }[];
  readonly groups?: readonly { readonly id?: string }[];
  readonly items?: readonly unknown[];
  readonly '@odata.nextLink'?: string;
  readonly nextPageToken?: string;
}

const { urls, token } = JSON.parse(process.argv[2]!) as { urls: readonly string[]; token: { url: string; body: string } };

await report(async () => {
  const { access_token } = (await (await fetch(token.url, { method: 'POST', body: new URLSearchParams(token.body) })).json()) as {
    access_token: string;
  };
  let objects = 0;
  for (const start of urls) {
    let url: string | null = start;
    while (url) {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${access_token}` } });
      if (answer.status !== 200) throw new Error(`${answer.status} ${new URL(url).pathname}`);
      const page = (await answer.json()) as Page;
      objects += (page.value ?? page.users ?? page.groups ?? page.items ?? []).length;
      const next: string | undefined = page['@odata.nextLink'];
      if (next) url = next;
      else if (page.nextPageToken) url = `${start}&pageToken=${encodeURIComponent(page.nextPageToken)}`;
      else url = null;
    }
  }
  return objects;
});
