/** Whose destination it is: tenants are trusted less. */
export type Owner = 'operator' | 'tenant';
