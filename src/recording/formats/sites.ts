// Sites: which hosts belong together, by the public suffix list.
//
// The list comes inside tldts, as old as the installed version: a suffix added since makes its owners one site. Its
// private part is off unless asked for.
import { getDomain, getHostname } from 'tldts';

/**
 * The site of an absolute URL: its registrable domain (`shop.example.co.uk` is of `example.co.uk`), where private
 * suffixes such as those of shop platforms count, as they do for browsers; for addresses and single names the host.
 * '' for no host.
 */
export function siteOf(url: string): string {
  return getDomain(url, { allowPrivateDomains: true }) ?? getHostname(url) ?? '';
}
