import type { Microsoft365Settings } from '../../../model/configuration.ts';
import type { FieldName } from '../../../model/plan.ts';
import type { Capability, FieldCapability } from '../../connector.ts';
import { contactCapability } from '../contact/capability.ts';
import { FIELDS } from '../fields.ts';
import { MAIL_USER } from '../recipients/recipientType.ts';

/**
 * What a mail user holds: what a mail contact does, as far as Graph shows it again (further phones and notes can be written, but no read of
 * ours would see them), and an account: its sign-in name, set once, and whether it may sign in.
 */
export function mailUserCapability(settings: Microsoft365Settings): Capability {
  const contact = contactCapability(settings);
  const unseen = new Set<FieldName>(FIELDS.filter((field) => !field.user).map((field) => field.attribute));
  const fields = Object.fromEntries(Object.entries(contact.fields).filter(([name]) => !unseen.has(name as FieldName)));
  const account: Partial<Record<FieldName, FieldCapability>> = { userPrincipalName: {}, signIn: {} };
  return {
    ...contact,
    as: 'mailUser',
    types: MAIL_USER.types,
    // Graph shows a new mail user before Exchange tells what it is, and a mailbox that was taken away leaves a bare account for a while.
    unsettledTypes: ['user'],
    holdsAccount: true,
    fields: { ...fields, ...account },
  };
}
