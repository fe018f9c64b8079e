import { createHmac } from 'node:crypto';

/** The emulator's public account and key (learn.microsoft.com/azure/storage/common/storage-use-azurite). */
export const ACCOUNT = 'devstoreaccount1';
export const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** Headers of a request signed with Shared Key Lite for the Table service. `path` begins with the account. */
export function signed(path: string): Record<string, string> {
  const date = new Date().toUTCString();
  const signature = createHmac('sha256', Buffer.from(KEY, 'base64')).update(`${date}\n/${ACCOUNT}${path}`).digest('base64');
  return {
    'x-ms-date': date,
    'x-ms-version': '2019-02-02',
    authorization: `SharedKeyLite ${ACCOUNT}:${signature}`,
    accept: 'application/json;odata=nometadata',
    dataserviceversion: '3.0',
  };
}
