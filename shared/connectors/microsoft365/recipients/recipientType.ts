import { CONTACT_TYPES } from '../exchangeParts.ts';

/** A kind of mail-enabled object that Exchange Online keeps by four cmdlets: what mail contacts and mail users differ in. */
export interface RecipientType {
  readonly as: 'contact' | 'mailUser';
  /** For sentences: `mail contact`. */
  readonly noun: string;
  /** `RecipientTypeDetails` of its objects. */
  readonly types: readonly string[];
  readonly create: 'New-MailContact' | 'New-MailUser';
  /** Sets addresses, stamp, custom attributes, display name, visibility. */
  readonly mail: 'Set-MailContact' | 'Set-MailUser';
  /** Sets the person's fields: phones, company, address. */
  readonly person: 'Set-Contact' | 'Set-User';
  readonly remove: 'Remove-MailContact' | 'Remove-MailUser';
  readonly list: 'Get-MailContact' | 'Get-MailUser';
  /** True: its id is Exchange's Guid. False: Graph knows the object too, and it goes by that id (`ExternalDirectoryObjectId`). */
  readonly ownId: boolean;
}

/** learn.microsoft.com exchange/new-mailcontact, set-mailcontact, set-contact, remove-mailcontact. */
export const MAIL_CONTACT: RecipientType = {
  as: 'contact',
  noun: 'mail contact',
  types: CONTACT_TYPES,
  create: 'New-MailContact',
  mail: 'Set-MailContact',
  person: 'Set-Contact',
  remove: 'Remove-MailContact',
  list: 'Get-MailContact',
  ownId: true,
};

/** learn.microsoft.com exchange/new-mailuser, set-mailuser, set-user, remove-mailuser. Guests are mail users of another type: never meant. */
export const MAIL_USER: RecipientType = {
  as: 'mailUser',
  noun: 'mail user',
  types: ['MailUser'],
  create: 'New-MailUser',
  mail: 'Set-MailUser',
  person: 'Set-User',
  remove: 'Remove-MailUser',
  list: 'Get-MailUser',
  ownId: false,
};
