package ring

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Explanation says what a message id means. Texts are the forms that the message takes, with
// dots for what varies.
type Explanation struct {
	ID      string
	Meaning string
	Texts   []Message
}

// Explain explains the message with an id, in any case.
func Explain(id string) (Explanation, bool) {
	e := Explanation{ID: strings.ToUpper(id)}
	for _, m := range meanings {
		if m.id == e.ID {
			e.Meaning = m.text
		}
	}
	for _, c := range catalogue {
		if c.id == e.ID {
			e.Texts = append(e.Texts, Message{ID: c.id, Code: c.code, Text: formText(c.format), Hint: c.hint})
		}
	}
	return e, e.Meaning != "" || len(e.Texts) > 0
}

// MessageIDs lists the ids that Explain knows, sorted.
func MessageIDs() []string {
	var ids []string
	for _, m := range meanings {
		ids = append(ids, m.id)
	}
	for _, c := range catalogue {
		ids = append(ids, c.id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

var formVerb = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`%(\[\d+\])?[a-z]`) })

// formText shows a message's format to people.
func formText(format string) string { return formVerb().ReplaceAllString(format, "...") }

// meanings explains the ids that the reference gives (racdcert-certificates.md 17,
// racdcert-rings.md F), in signet's words. Ids of signet's own explain themselves.
var meanings = []struct{ id, text string }{
	{"IKJ56500I", "The first word of the line is not a command that signet runs. Nothing was done for the line. In text copied from documentation, a line that continues another needs a continuation mark, + or -."},
	{"IKJ56701I", "An operand or its value is missing. The command was not run."},
	{"IKJ56702I", "An operand, or a value in its parentheses, is not valid. The command was not run."},
	{"IKJ56712I", "A word is not an operand at this place of the command. Operands may be shortened as long as they stay unambiguous, but not misspelt."},
	{"IKJ56717I", "An operand was shortened so much that it could be several. Write more of it."},
	{"IRRD101I", "The user is not authorised to the function. The message names the access that is needed, to IRR.DIGTCERT.function in class FACILITY as a rule; where no profile covers it, everybody but SPECIAL users is refused."},
	{"IRRD105I", "LIST found that the owner has no certificates at all."},
	{"IRRD107I", "The owner has no certificate with this label or serial number. Labels are case-sensitive; the owner may be another, such as CERTAUTH."},
	{"IRRD109I", "A certificate with this issuer and serial number is in the database under another owner. A certificate has one owner; rings of any user can connect it."},
	{"IRRD113I", "The certificate that was added is self-signed. Under CERTAUTH it becomes TRUST, under another owner NOTRUST, unless a status was given."},
	{"IRRD114I", "The ring is not there. Ring names are case-sensitive and belong to one user."},
	{"IRRD115I", "LISTRING found that the user has no rings."},
	{"IRRD116I", "The certificate exists but is not connected to the ring."},
	{"IRRD120I", "CERTAUTH and SITE own certificates but no rings. A ring belongs to a user."},
	{"IRRD121I", "CONNECT and REMOVE need both RING and LABEL."},
	{"IRRD122I", "The user has a ring of this name already. It was not changed."},
	{"IRRD128I", "GENCERT with SIGNWITH, GENREQ and REKEY use the private key of a certificate, and this one has none in the database: it was added without it, or ROLLOVER retired it."},
	{"IRRD130I", "A keyword that the function cannot do without is missing."},
	{"IRRD133I", "The validity ends before it begins. NOTBEFORE defaults to today at 00:00:00, NOTAFTER to a year later at 23:59:59."},
	{"IRRD136I", "MULTIID owns name filters only: it goes with MAP, ALTMAP, DELMAP and LISTMAP."},
	{"IRRD140I", "A name filter must begin with an attribute such as CN= or OU=."},
	{"IRRD141I", "The starting point that MAP was given is not in the model certificate's name."},
	{"IRRD142I", "The name filter made from the model certificate is longer than 255 characters."},
	{"IRRD146I", "A filter on the subject's name goes with the whole name of the issuer only: with a part of it, it would never be searched."},
	{"IRRD147I", "PKCS #12 carries the private key, and this certificate has none, or one that cannot leave its token. Export the certificate alone."},
	{"IRRD156I", "The key usage does not fit the key: HANDSHAKE, DOCSIGN and CERTSIGN fit all, DATAENCRYPT only RSA, KEYAGREE only elliptic curves."},
	{"IRRD160I", "The label cannot name a key in the PKDS. signet refuses PKDS operands before this matters."},
	{"IRRD169I", "UNBIND needs the token, and the label or the sequence number."},
	{"IRRD170I", "A token of this name is there already."},
	{"IRRD174I", "The token holds objects that RACDCERT does not manage. FORCE deletes them with it."},
	{"IRRD175I", "On z/OS, programs would see the change only after SETROPTS RACLIST(class) REFRESH. In signet it is in effect at once."},
	{"IRRD179I", "BIND needs the token and the label."},
	{"IRRD191I", "The user is not authorised to a key label of ICSF. signet has no ICSF and never says this."},
	{"IRRD192I", "The key label of ICSF does not exist. signet has no ICSF and never says this."},
	{"IRRD199I", "A certificate was added; a package gives one such message for each CA certificate that came with it, too."},
	{"IRRD302I", "CHECKCERT could not read the file to its end. The cause follows."},
	{"ICH04014I", "DELUSER did not delete the user, because a certificate could not go with it: it has a request under way, whose answer would be worth nothing without the private key."},
	{"ICH04015I", "DELUSER could not delete a ring with the user. signet deletes all of them or nothing, and never says this."},
	{"ICH04016I", "DELUSER could not delete a name filter with the user. signet deletes all of them or nothing, and never says this."},
	{"ICH06001I", "The name is in the access list already. signet replaces its access without this message."},
	{"ICH06002I", "PERMIT DELETE named someone who is not in the access list. The others were deleted."},
	{"ICH06004I", "PERMIT and RALTER change the profile of exactly this name, and there is none."},
	{"ICH06006I", "The user may not change the access list: neither SPECIAL nor the owner of the profile."},
	{"ICH06007I", "PERMIT named a user or group that is not defined. z/OS refuses that; signet keeps the entry, which gives nobody anything until the name is defined."},
	{"ICH06009I", "PERMIT with DELETE takes entries away one by one, and with RESET all of them; both at once is one too many, and RESET was left out."},
	{"ICH06013I", "WHEN(class(*)) stands for all conditional entries of a class. Only DELETE takes it; signet refuses it otherwise, where z/OS leaves it out."},
	{"ICH06014I", "PERMIT DELETE WHEN named someone who has no such entry in the conditional access list. The others were deleted."},
	{"ICH06015I", "The profile was defined before the class had generic names and has generic characters: it is discrete, and protects nothing now."},
	{"ICH06019I", "The access list is changed, but while the class is not active nothing is granted by its profiles."},
	{"ICH10006I", "The class is RACLISTed: checks see the change after SETROPTS RACLIST(class) REFRESH."},
	{"ICH06011I", "The class is RACLISTed: checks see what PERMIT did after SETROPTS RACLIST(class) REFRESH."},
	{"ICH11009I", "The class is RACLISTed: checks see what RALTER did after SETROPTS RACLIST(class) REFRESH."},
	{"ICH12002I", "The class is RACLISTed: checks see what RDELETE did after SETROPTS RACLIST(class) REFRESH."},
	{"ICH10102I", "RDEFINE does not replace a profile. Use RALTER."},
	{"ICH10321I", "The name has generic characters but the class has no generics: a profile of exactly this name was made."},
	{"ICH12102I", "RDELETE found no profile of this name. The other names were deleted."},
	{"ICH12103I", "The user may not delete the profile: neither SPECIAL nor its owner."},
	{"ICH13003I", "RLIST found no profile of this name."},
	{"ICH13004I", "RLIST found no profile in the class."},
	{"ICH14040I", "Checks in this class look at RACLISTed profiles only. Until SETROPTS RACLIST its profiles protect nothing."},
	{"ICH14070I", "REFRESH works on classes that are RACLISTed; this one is not, and nothing was done."},
	{"SGN090I", "The text of a command was read and the command run, but the text is hardly what was meant: a closing parenthesis is missing at its end, a comment reaches further than its line, a comma or a line is lost. Mend it as the hint says."},
	{"SGN091I", "A data set that a command reads is not there. Data set names become files of the same name in upper case; a name with a slash is a path as it stands."},
	{"SGN092I", "A command line that holds a password can be read by every user of the machine while the command runs, and stays in the shell's history."},
	{"SGN097I", "Something is wrong, or doubtful, in the job control around the commands. A job with errors in its job control is not begun."},
	{"SGN098I", "Part of a command does not count, as in RACF: an operand that does not belong to the function, an operand or a function that is given more than once."},
	{"SGN099I", "A file, the database or the system failed; no rule of signet is behind it. The text is the system's."},
	{"ICH408I", "What was done would have been refused, but the profile is in warning mode. The message says which access is missing."},
	{"ICH30001I", "The user has no profile. User IDs own certificates and rings without one, but only a profile can be listed, changed or deleted."},
}
