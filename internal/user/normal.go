package user

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// normal returns the one form that all spellings of a text share: full and half width, composed and
// decomposed, upper and lower case. It takes capitals first, because two letters may share theirs,
// as i and the dotless ı do, and drops the dot that a capital İ leaves on its i, where it cannot be
// seen: whoever writes an address in capitals is found, and nobody passes for somebody else with
// another i. Unicode §3.13, toNFKC_Casefold
func normal(text string) string {
	for {
		folded := cases.Fold().String(strings.ToUpper(norm.NFKC.String(text)))
		next := norm.NFKC.String(strings.ReplaceAll(folded, "i\u0307", "i"))
		if next == text {
			return next
		}
		text = next
	}
}

// domains reads host names as browsers and mail programs do, in Unicode or in ASCII, but for two
// hyphens in the middle of a label, which some real names have. RFC 5891, UTS #46
var domains = idna.New(
	idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.CheckJoiners(true),
	idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.CheckHyphens(false),
)

// normalDomain returns the one form that all spellings of a host name share, in Unicode. It is not
// ok if it cannot be a host name: a label of more than 63 bytes in ASCII, one with a hyphen at an
// end, or one that is no IDNA label.
func normalDomain(typed string) (domain string, ok bool) {
	domain, err := domains.ToUnicode(typed)
	if err != nil {
		return "", false
	}
	domain = normal(domain)
	for label := range strings.SplitSeq(domain, ".") {
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return "", false
		}
	}
	_, err = domains.ToASCII(domain)
	return domain, err == nil
}
