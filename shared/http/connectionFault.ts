/** Why no answer came, in words: by the code of the runtime (Node errors, OpenSSL's verification results). */
export interface ConnectionFault {
  readonly code: string;
  /** Nothing was sent: the connection could not be made at all. */
  readonly neverSent: boolean;
  /** Trying again at once cannot help. */
  readonly lasting: boolean;
  readonly nextStep: string;
}

const NOT_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];
const UNTRUSTED = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
];
const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'The name of the host is not known: check the endpoint and name resolution of the function app.',
  ECONNREFUSED: 'Nothing listens there: check the endpoint and its port.',
  CERT_HAS_EXPIRED: "The host's TLS certificate has expired: it must be renewed there; a clock that is wrong looks the same.",
  CERT_NOT_YET_VALID: "The host's TLS certificate is not valid yet: check the clock of this host.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The host's TLS certificate is for another name: check the endpoint, and proxies between.",
};
const UNTRUSTED_STEP =
  "The host's TLS certificate comes from an authority that is not trusted here (a private CA, or a proxy that breaks TLS): name its certificate in NODE_EXTRA_CA_CERTS. Checks are never switched off.";
const USUAL = 'Check that the host is reachable from the function app and not blocked; the next job tries again.';

/** What a thrown error of `fetch` means. */
export function connectionFault(error: Error): ConnectionFault {
  const code = (error.cause as { code?: string } | undefined)?.code ?? error.name;
  const tls = UNTRUSTED.includes(code) || /^(CERT_|ERR_TLS_|ERR_SSL_)/.test(code);
  const words =
    WORDS[code] ??
    (UNTRUSTED.includes(code) ? UNTRUSTED_STEP : tls ? 'The TLS connection fails: check the endpoint and proxies between.' : USUAL);
  return { code, neverSent: tls || NOT_CONNECTED.includes(code), lasting: tls, nextStep: words };
}
