import type { Reply } from '../server.ts';
import { fault } from './exchange.ts';

type Row = Readonly<Record<string, unknown>>;

function words(text: string, more: readonly string[] = []): ReadonlySet<string> {
  return new Set([...text.trim().split(/\s+/), ...more].map((name) => name.toLowerCase()));
}

const CUSTOM = Array.from({ length: 15 }, (_, n) => `CustomAttribute${n + 1}`);

/**
 * What each cmdlet has, of what an address book could want (learn.microsoft.com powershell/exchange/filter-properties, "Cmdlets"). Notable:
 * Get-Recipient has no LegacyExchangeDN and no mobile phone, Get-Contact no addresses and no ExternalDirectoryObjectId, Get-User no addresses.
 */
const PROPERTIES: Readonly<Record<string, ReadonlySet<string>>> = {
  'Get-Recipient': words(
    `
    Id Guid ExternalDirectoryObjectId Name Alias DisplayName PrimarySmtpAddress EmailAddresses HiddenFromAddressListsEnabled
    RecipientType RecipientTypeDetails IsDirSynced WhenCreatedUTC WhenChangedUTC ExternalEmailAddress Manager FirstName LastName Title
    Company Department Office City StateOrProvince PostalCode CountryOrRegion Phone Notes`,
    CUSTOM,
  ),
  'Get-MailContact': words(
    `
    Id Guid ExternalDirectoryObjectId Name Alias DisplayName PrimarySmtpAddress EmailAddresses HiddenFromAddressListsEnabled
    RecipientType RecipientTypeDetails IsDirSynced WhenCreatedUTC WhenChangedUTC WindowsEmailAddress ExternalEmailAddress
    LegacyExchangeDN`,
    CUSTOM,
  ),
  'Get-Contact': words(`
    Id Guid Name DisplayName RecipientType RecipientTypeDetails IsDirSynced WhenCreatedUTC WhenChangedUTC WindowsEmailAddress Manager
    FirstName LastName Initials Title Company Department Office MobilePhone Fax StreetAddress City StateOrProvince PostalCode
    CountryOrRegion Phone HomePhone Notes OtherTelephone Pager WebPage AssistantName`),
  'Get-MailUser': words(
    `
    Id Guid ExternalDirectoryObjectId Name Alias DisplayName PrimarySmtpAddress EmailAddresses HiddenFromAddressListsEnabled
    RecipientType RecipientTypeDetails IsDirSynced WhenCreatedUTC WhenChangedUTC WindowsEmailAddress ExternalEmailAddress
    LegacyExchangeDN UserPrincipalName`,
    CUSTOM,
  ),
  'Get-User': words(`
    Id Guid ExternalDirectoryObjectId Name DisplayName RecipientType RecipientTypeDetails IsDirSynced WhenCreatedUTC WhenChangedUTC
    WindowsEmailAddress LegacyExchangeDN UserPrincipalName Manager FirstName LastName Initials Title Company Department Office
    MobilePhone Fax StreetAddress City StateOrProvince PostalCode CountryOrRegion Phone HomePhone Notes OtherTelephone Pager WebPage
    AssistantName`),
  'Get-Mailbox': words(
    `
    Id Guid ExternalDirectoryObjectId Name Alias DisplayName PrimarySmtpAddress EmailAddresses HiddenFromAddressListsEnabled
    RecipientType RecipientTypeDetails IsDirSynced WhenCreatedUTC WhenChangedUTC WindowsEmailAddress LegacyExchangeDN
    UserPrincipalName Office`,
    CUSTOM,
  ),
  'Get-DistributionGroup': words(
    `
    Id Guid ExternalDirectoryObjectId Name Alias DisplayName PrimarySmtpAddress EmailAddresses HiddenFromAddressListsEnabled
    RecipientType RecipientTypeDetails IsDirSynced WhenCreatedUTC WhenChangedUTC WindowsEmailAddress LegacyExchangeDN`,
    CUSTOM,
  ),
  'Get-DynamicDistributionGroup': words(
    `
    Id Guid ExternalDirectoryObjectId Name Alias DisplayName PrimarySmtpAddress EmailAddresses HiddenFromAddressListsEnabled
    RecipientType RecipientTypeDetails WhenCreatedUTC WhenChangedUTC WindowsEmailAddress LegacyExchangeDN Notes`,
    CUSTOM,
  ),
  'Get-UnifiedGroup': words(
    `
    Id Guid ExternalDirectoryObjectId Name Alias DisplayName PrimarySmtpAddress EmailAddresses HiddenFromAddressListsEnabled
    RecipientType RecipientTypeDetails IsDirSynced WhenCreatedUTC WhenChangedUTC LegacyExchangeDN Notes`,
    CUSTOM,
  ),
};

/** Shown though no filter takes them. */
const SHOWN = words('Identity');
const SHOWN_OF_GROUPS = words('RequireSenderAuthenticationEnabled');
const GROUPS = ['Get-DistributionGroup', 'Get-DynamicDistributionGroup', 'Get-UnifiedGroup'];

/** Cmdlets that give what another one does. */
const AS: Readonly<Record<string, string>> = {
  'New-MailContact': 'Get-MailContact',
  'New-MailUser': 'Get-MailUser',
  'Get-DynamicDistributionGroupMember': 'Get-Recipient',
};

function namesOf(cmdlet: string): ReadonlySet<string> {
  const names = PROPERTIES[AS[cmdlet] ?? cmdlet];
  if (!names) throw new Error(`The simulated Exchange does not know what ${cmdlet} returns.`);
  return names;
}

/** A row as the cmdlet gives it: what it has, and of that what `$select` names. @param select null: everything */
export function shownRow(all: Row, cmdlet: string, select: string | null): Record<string, unknown> {
  const names = namesOf(cmdlet);
  const asked = select === null ? null : words(select.replaceAll(',', ' '));
  const shows = (name: string): boolean => {
    const key = name.replace(/@.*$/, '').toLowerCase();
    const has = names.has(key) || SHOWN.has(key) || (GROUPS.includes(cmdlet) && SHOWN_OF_GROUPS.has(key));
    return has && (asked === null || asked.has(key));
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => shows(name)));
}

/** The refusal of a filter over what the cmdlet does not have. @param names as the filter spells them */
export function unfilterable(cmdlet: string, names: readonly string[]): Reply | null {
  const known = namesOf(cmdlet);
  const wrong = names.find((name) => !known.has(name.toLowerCase()));
  if (wrong === undefined) return null;
  const text = `The '${wrong}' property is not a recognized filterable property. For a complete list of filterable properties see the command help.`;
  return fault(400, '', 'InvalidOperationException', text);
}
