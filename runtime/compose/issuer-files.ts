import { PUBLIC } from './roster.ts';

type Secrets = { databasePassword: string; adminPassword: string; userPassword: string; clientSecret: string };

/** Where Keycloak finds its own files in its container. */
const OWN = '/run/own';

/** What Keycloak is told, by file: how it runs, and the realm that it takes in when it has none yet. */
export function issuerFiles({ databasePassword, adminPassword, userPassword, clientSecret }: Secrets, realm: string): Record<string, string> {
  const { port, origin } = new URL(PUBLIC.issuer);
  const settings = {
    'db-url': 'jdbc:postgresql://postgres:5432/issuer',
    'db-username': 'issuer',
    'db-password': databasePassword,
    // Tokens name this address; what asks within the network is told where to ask there.
    hostname: origin,
    'hostname-backchannel-dynamic': 'true',
    'http-enabled': 'false',
    'https-port': port,
    'https-certificate-file': `${OWN}/tls.crt`,
    'https-certificate-key-file': `${OWN}/tls.key`,
    'http-management-scheme': 'http',
    // Only ever used on an empty database.
    'bootstrap-admin-username': 'admin',
    'bootstrap-admin-password': adminPassword,
  };
  return {
    'keycloak.conf': Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join(''),
    'realm.json': realm.replaceAll('__USER_PASSWORD__', userPassword).replaceAll('__TEMPORAL_UI_SECRET__', clientSecret),
  };
}
