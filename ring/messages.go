package ring

// messageID is an index into the catalogue.
type messageID int

// The messages, in the order of the catalogue.
const (
	msgBadUser messageID = iota
	msgBadLabel
	msgBadRingName
	msgBadFormat
	msgBadSetting
	msgBadMoment
	msgNotUser

	msgLabelTaken
	msgAlreadyThere
	msgOtherOwner
	msgSameIdentity
	msgSameKeyLater
	msgSameKeyTwice
	msgForgedIssuer
	msgBadInput
	msgNoEndEntity
	msgManyEndEntities
	msgAdded
	msgReplaced
	msgLabelIgnored
	msgLabelFolded
	msgKeyStored
	msgSelfSigned
	msgHighTrust

	msgNoTrustNoIssuer
	msgNoTrustIssuerOwner
	msgNoTrustIssuerStatus
	msgNoTrustIssuerExpired
	msgNoTrustOutside
	msgNoTrustExpired
	msgNoTrustSelfSigned

	msgNoMatch
	msgNoMatchListed
	msgNothingListed
	msgManyMatch
	msgNeedsKey
	msgKeyword
	msgBadPeriod
	msgBadUsage
	msgBadKey
	msgBadSubject
	msgBadAltName
	msgBadRequest
	msgNotCA
	msgRequestedDelete
	msgWeakKey
	msgRounded
	msgBornExpired
	msgSignerNotCA

	msgRingAndLabel
	msgCheckcert
	msgAltNamesLost
	msgRollover
	msgRetired
	msgRetiredKey
	msgRolloverSelf
	msgKeyless
	msgOddCertificate

	msgLongPassword
	msgNoPassword
	msgPasswordUnused
	msgNoExportKey
	msgKeyWouldGo
	msgNoCopy
	msgKeylessPersonal
	msgChainBroken
	msgEncode

	msgRingOwner
	msgRingExists
	msgNoRing
	msgNoRingListed
	msgNoRings
	msgNotConnected
	msgVirtualRing
	msgRefresh

	msgBadTokenName
	msgBadSeqNum
	msgTokenExists
	msgNoToken
	msgNoTokenListed
	msgNoTokens
	msgForeignObjects
	msgTokenAndLabel
	msgTokenAndObject
	msgNoObject
	msgManyObjects
	msgBoundAgain
	msgKeyStaysInToken
	msgLastKey

	msgMultiID
	msgFilterOwner
	msgBadFilter
	msgNoStart
	msgFilterLong
	msgPartialIssuer
	msgFilterExists
	msgFilterLabel
	msgNoFilter
	msgNoFilterListed
	msgNoFilters
	msgNoFiltersListed
	msgManyFilters
	msgBadCriteria
	msgMistakable
	msgBadVariable
	msgNoUser

	msgNoProfile
	msgNoProfileDeleted
	msgProfileExists
	msgNoProfileListed
	msgNothingInClass
	msgNoGenerics
	msgRdefineRefresh
	msgRalterRefresh
	msgRdeleteRefresh
	msgPermitRefresh
	msgNotRacListed
	msgNotInList
	msgNotInConditional
	msgResetIgnored
	msgAnyCondition
	msgUndefinedEntry
	msgClassNotActive
	msgUnusable
	msgMustBeListed
	msgBadResource
	msgDigitalClass

	msgUnknownUser
	msgNoUserListed
	msgNoUserDeleted
	msgBadGroup
	msgDefined
	msgNoGroup
	msgUndefined
	msgNotMember
	msgDefaultGroup
	msgDeletedWith
	msgGroupInUse
	msgNoneDefined
	msgBadOperand
	msgCertificateHeld
	msgNoConsumer
	msgKeyLeft
	msgKeyUnreachable
	msgKeyOrphan
	msgNoHardware
	msgKeyOwner
	msgTokenAway
	msgKeyMissing
	msgKeyOther
	msgKeyLoose
	msgKeyNoCertificate
	msgKeyForgotten
	msgKeyLinked
	msgKeyDestroyed
	msgKeyNotDestroyed
	msgTokenAtomic
	msgLocalOnly
	msgDenied
	msgDeniedPermit
	msgDeniedRdelete
	msgDeniedAdministration
	msgWarned
	msgNotReleased
	msgIssuerSkipped
	msgNoSuchAct
	msgLastSpecial
)

// catalogue holds every message of the rules. Ids that begin with SGN are signet's own, for
// what the reference gives no id (racdcert-certificates.md 17, racdcert-rings.md F).
var catalogue = [...]struct {
	id     string
	code   Code
	class  error // for messages that stop a function
	format string
	hint   string
}{
	msgBadUser:     {"SGN001I", Refused, ErrInvalid, "user ID %q: %s", "a user ID has 1 to 32 letters, digits or # @ $ _ - ."},
	msgBadLabel:    {"SGN002I", Refused, ErrInvalid, "label %q: %s", "a label has 1 to 32 characters; quote it when it holds blanks"},
	msgBadRingName: {"SGN003I", Refused, ErrInvalid, "ring name %q: %s", "a ring name has 1 to 237 printable characters, without blank , ; ( ) ' & /"},
	msgBadFormat:   {"SGN004I", Refused, ErrInvalid, "format %q is not known", "the formats are CERTB64, CERTDER, PKCS7B64, PKCS7DER, PKCS12B64 and PKCS12DER"},
	msgBadSetting:  {"SGN005I", Refused, ErrInvalid, "setting %q: %s", "the settings are: serials = counter | random"},
	msgBadMoment:   {"SGN006I", Refused, ErrInvalid, "%s %q: %s", "write a date as 2027-01-31 and a time as 23:59:59"},
	msgNotUser:     {"SGN007I", Refused, ErrInvalid, "%s: %s is not a user ID", "only a user owns rings; name one as USER/RING"},

	msgLabelTaken:      {"SGN010I", Refused, ErrExists, "label %q is already used by another certificate of %s", "choose another label, or DELETE or ALTER the other certificate first"},
	msgAlreadyThere:    {"SGN011I", Done, nil, "certificate %s is already in the database", ""},
	msgOtherOwner:      {"IRRD109I", Refused, ErrExists, "the certificate cannot be added: %s is already defined, as %s", "a certificate has one owner; connect that one to the ring, or delete it there first"},
	msgSameIdentity:    {"SGN012I", Refused, ErrExists, "the certificate cannot be added: %s has the same issuer and serial number but other content", "the issuing CA used one serial number twice; ask it for a new certificate"},
	msgSameKeyLater:    {"SGN013I", Refused, ErrRefused, "certificate %s has the same key and ends later, %s; it is not replaced by one that ends %s", "delete it first if the older one is really wanted"},
	msgSameKeyTwice:    {"SGN014I", Refused, ErrRefused, "certificates %s and %s have the same key; which one should be replaced?", "name it with WITHLABEL"},
	msgForgedIssuer:    {"SGN015I", Refused, ErrInvalid, "the certificate cannot be added: the signature of its issuer %s does not verify", "the file was altered, or another CA has the same name; get the certificate again"},
	msgBadInput:        {"SGN016I", Refused, ErrInvalid, "%s: %v", ""},
	msgNoEndEntity:     {"SGN017I", Refused, ErrInvalid, "%s holds no certificate", "give a file with an X.509 certificate, PKCS #7 or PKCS #12"},
	msgManyEndEntities: {"SGN018I", Refused, ErrInvalid, "%s holds more than one end-entity certificate: %q and %q", "add each certificate from a file of its own"},
	msgAdded:           {"IRRD199I", Done, nil, "certificate %s is added, status %s", ""},
	msgReplaced:        {"SGN020I", Done, nil, "certificate %s is replaced; key, label and rings are kept", ""},
	msgLabelFolded:     {"SGN112I", Done, nil, "label %q is kept as %q: Java looks for aliases in lower case", "programs that ask for the one find the other"},
	msgLabelIgnored:    {"SGN021I", Warning, nil, "label %q is not used: the certificate keeps its label %q", "ALTER ... NEWLABEL renames it"},
	msgKeyStored:       {"SGN022I", Done, nil, "the private key of %s is stored", ""},
	msgSelfSigned:      {"IRRD113I", Done, nil, "the certificate being added is self-signed", ""},
	msgHighTrust:       {"SGN023I", Done, nil, "HIGHTRUST is for CERTAUTH certificates; %s gets %s", ""},

	msgNoTrustNoIssuer:      {"SGN030I", Warning, nil, "certificate %s is stored as NOTRUST: no certificate in the database is known to have signed it; its issuer is %s", "add the issuer under CERTAUTH, or use TRUST"},
	msgNoTrustIssuerOwner:   {"SGN031I", Warning, nil, "certificate %s is stored as NOTRUST: its issuer %s is not under CERTAUTH", "add the issuer under CERTAUTH, or use TRUST"},
	msgNoTrustIssuerStatus:  {"SGN032I", Warning, nil, "certificate %s is stored as NOTRUST: its issuer %s is NOTRUST", "ALTER the issuer to TRUST first"},
	msgNoTrustIssuerExpired: {"SGN033I", Warning, nil, "certificate %s is stored as NOTRUST: its issuer %s is not valid today", "sign with a current CA certificate, or ALTER ... TRUST"},
	msgNoTrustOutside:       {"SGN034I", Warning, nil, "certificate %s is stored as NOTRUST: its validity is not inside that of its issuer %s, %s to %s", "choose NOTBEFORE and NOTAFTER inside the issuer's, or ALTER ... TRUST"},
	msgNoTrustExpired:       {"SGN035I", Warning, nil, "certificate %s is stored as NOTRUST: it expired on %s", "renew it, or ALTER ... TRUST"},
	msgNoTrustSelfSigned:    {"SGN036I", Warning, nil, "certificate %s is stored as NOTRUST: it is self-signed and not under CERTAUTH", "use TRUST if you mean it"},

	msgNoMatch:         {"IRRD107I", Refused, ErrNotFound, "no certificate of %s has the %s", "labels are case-sensitive; LIST shows them"},
	msgNoMatchListed:   {"IRRD107I", Warning, ErrNotFound, "no certificate of %s has the %s", "labels are case-sensitive; LIST without a label shows them all"},
	msgNothingListed:   {"IRRD105I", Warning, ErrNotFound, "%s has no certificates", ""},
	msgManyMatch:       {"SGN040I", Refused, ErrRefused, "%s has more than one certificate that matches: %q and %q", "say which with LABEL, or with SERIALNUMBER and ISSUERSDN"},
	msgNeedsKey:        {"IRRD128I", Refused, ErrRefused, "%s needs a private key, and certificate %s has none", ""},
	msgKeyword:         {"IRRD130I", Refused, ErrInvalid, "%s needs %s", ""},
	msgBadPeriod:       {"IRRD133I", Refused, ErrInvalid, "NOTBEFORE %s is not earlier than NOTAFTER %s", ""},
	msgBadUsage:        {"IRRD156I", Refused, ErrInvalid, "%v", "choose a key usage that fits the key, or another key type"},
	msgBadKey:          {"SGN041I", Refused, ErrInvalid, "key: %v", ""},
	msgBadSubject:      {"SGN042I", Refused, ErrInvalid, "subject: %v", ""},
	msgBadAltName:      {"SGN043I", Refused, ErrInvalid, "alternative name: %v", ""},
	msgBadRequest:      {"SGN044I", Refused, ErrInvalid, "request: %v", ""},
	msgNotCA:           {"SGN045I", Refused, ErrRefused, "the request cannot become a CERTAUTH certificate: it switches off %s", "use another owner, or a request that asks for a CA certificate"},
	msgRequestedDelete: {"SGN046I", Refused, ErrRefused, "certificate %s is not deleted: GENREQ has used it and the answer has not been added", "add the answer first, or say FORCE to lose the private key"},
	msgWeakKey:         {"SGN047I", Warning, nil, "an RSA key of %d bits is too weak for use today", "use SIZE(2048) or more"},
	msgRounded:         {"SGN054I", Done, nil, "a key of %d bits is not made; the size is rounded up to %d", ""},
	msgBornExpired:     {"SGN048I", Warning, nil, "certificate %s has already expired: its validity ended on %s", ""},
	msgSignerNotCA:     {"SGN049I", Done, nil, "the signer %s is not a CA certificate; programs other than RACF will not accept its signature", ""},

	msgRingAndLabel: {"IRRD121I", Refused, ErrInvalid, "%s needs both a ring and a label", ""},

	msgCheckcert:      {"IRRD302I", Refused, ErrInvalid, "CHECKCERT of %s stopped: %v", ""},
	msgAltNamesLost:   {"SGN055I", Warning, nil, "certificate %s has alternative names of kinds that RACDCERT does not know; the new one does not have them", ""},
	msgRollover:       {"SGN056I", Refused, ErrRefused, "certificate %s is not rolled over to %s: %s", "FORCE does it all the same"},
	msgRetired:        {"SGN057I", Done, nil, "the private key of %s is destroyed: it signs and decrypts no more", ""},
	msgRolloverSelf:   {"SGN064I", Refused, ErrRefused, "certificate %s is not rolled over to itself", "name another certificate; with FORCE this only destroys the private key, for good"},
	msgKeyless:        {"SGN065I", Warning, nil, "certificate %s has no private key any more; nothing took its place in its rings", "programs that use it there fail until another certificate is connected"},
	msgRetiredKey:     {"SGN059I", Refused, ErrRefused, "the private key of %s is not stored again: ROLLOVER retired it", "use the certificate that took its place, or REKEY"},
	msgOddCertificate: {"SGN058I", Warning, nil, "certificate %s is kept as it is, but cannot be read in full: %s", "programs may refuse it; ask its issuer for a sound one"},

	msgLongPassword:    {"SGN063I", Refused, ErrInvalid, "the password is longer than 255 characters", ""},
	msgNoPassword:      {"SGN050I", Refused, ErrInvalid, "format %s needs a password", "give PASSWORD('...') in a script, or --password-file on the command line"},
	msgPasswordUnused:  {"SGN051I", Refused, ErrInvalid, "format %s takes no password", "choose PKCS12DER or PKCS12B64 to export the private key"},
	msgNoExportKey:     {"IRRD147I", Refused, ErrRefused, "EXPORT in PKCS12 format needs a private key that can leave, and certificate %s has none", "export the certificate alone with CERTB64 or PKCS7B64"},
	msgKeyWouldGo:      {"SGN110I", Refused, ErrRefused, "the private key of %s would be lost: what is to take its place has none", "delete it first if that is what you want, or choose another label"},
	msgNoCopy:          {"SGN119I", Refused, ErrUnsupported, "certificate %s cannot be copied: it is NOTRUST, and what is in a keystore of format %s is trusted", "ALTER it to TRUST first if it is to be trusted, or leave it out: name the others"},
	msgKeylessPersonal: {"SGN111I", Warning, nil, "%s was left out: it is PERSONAL in ring %s and has no private key", "connect it as CERTAUTH or SITE to have it trusted, or name it by itself"},
	msgChainBroken:     {"SGN052I", Warning, nil, "the chain of %s is incomplete: the issuer %s is not in the database", "ADD it under CERTAUTH and export again"},
	msgEncode:          {"SGN053I", Refused, ErrUnsupported, "certificate %s cannot be written as %s: %v", ""},

	msgRingOwner:    {"IRRD120I", Refused, ErrInvalid, "%s cannot own a key ring", "name the user with ID(user)"},
	msgRingExists:   {"IRRD122I", Refused, ErrExists, "ring %q of %s already exists", ""},
	msgNoRing:       {"IRRD114I", Refused, ErrNotFound, "ring %q of %s does not exist", "ring names are case-sensitive; make one with ADDRING"},
	msgNoRingListed: {"IRRD114I", Warning, ErrNotFound, "ring %q of %s does not exist", "ring names are case-sensitive; LISTRING(*) shows them all"},
	msgNoRings:      {"IRRD115I", Warning, ErrNotFound, "%s has no rings", ""},
	msgNotConnected: {"IRRD116I", Refused, ErrNotFound, "label %q of %s is not in ring %q of %s", "LISTRING shows what is"},
	msgVirtualRing:  {"SGN060I", Refused, ErrRefused, "ring %s is virtual: it holds all certificates of its owner and cannot be changed", ""},
	msgRefresh:      {"IRRD175I", Done, nil, "class %s is RACLISTed: on z/OS the change would wait for SETROPTS RACLIST(%[1]s) REFRESH; here it is in effect", ""},

	msgBadTokenName:    {"SGN080I", Refused, ErrInvalid, "token name %q: %s", "a token name has 1 to 32 letters, digits or @ # $ . and begins with a letter or @ # $"},
	msgBadSeqNum:       {"SGN081I", Refused, ErrInvalid, "sequence number %q: it is not 1 to 8 hexadecimal digits that make at least 1", "LISTTOKEN shows the sequence numbers"},
	msgTokenExists:     {"IRRD170I", Refused, ErrExists, "token %q already exists", ""},
	msgNoToken:         {"SGN082I", Refused, ErrNotFound, "token %q does not exist", "LISTTOKEN(*) shows the tokens; ADDTOKEN makes one"},
	msgNoTokenListed:   {"SGN082I", Warning, ErrNotFound, "token %q does not exist", "LISTTOKEN(*) shows them all"},
	msgNoTokens:        {"SGN083I", Warning, ErrNotFound, "there are no tokens", ""},
	msgForeignObjects:  {"IRRD174I", Refused, ErrRefused, "token %q is not removed: %d of its objects belong to other programs", "say FORCE to lose them, too"},
	msgTokenAndLabel:   {"IRRD179I", Refused, ErrInvalid, "BIND needs both a token and a label", ""},
	msgTokenAndObject:  {"IRRD169I", Refused, ErrInvalid, "UNBIND needs a token and either a label or a sequence number", ""},
	msgNoObject:        {"SGN084I", Refused, ErrNotFound, "token %q has no certificate with the %s", "labels are case-sensitive; LISTTOKEN shows what is in the token"},
	msgManyObjects:     {"SGN085I", Refused, ErrRefused, "token %q has more than one certificate that goes by %s: sequence numbers %s and %s", "say which with SEQNUM"},
	msgBoundAgain:      {"SGN086I", Done, nil, "certificate %s was in token %q already: it keeps the sequence number %s, and its label, usage and DEFAULT are set anew", ""},
	msgKeyStaysInToken: {"SGN087I", Refused, ErrUnsupported, "certificate %s is not bound: its private key is in hardware and cannot be copied", "USAGE(CERTAUTH) or USAGE(SITE) binds the certificate alone"},
	msgLastKey:         {"SGN088I", Refused, ErrRefused, "certificate %s is not bound with usage %s: token %q would lose the only copy of its private key, at sequence number %s", "IMPORT it first, or UNBIND it to lose the key"},

	msgMultiID:         {"IRRD136I", Refused, ErrInvalid, "MULTIID is only for MAP, ALTMAP, DELMAP and LISTMAP", ""},
	msgFilterOwner:     {"SGN070I", Refused, ErrInvalid, "%s cannot own a name filter", "only users and MULTIID have name filters"},
	msgBadFilter:       {"IRRD140I", Refused, ErrInvalid, "%s filter %q: %v", "copy the name from LIST or CHECKCERT, as in OU=Loans.O=Bank.C=NL"},
	msgNoStart:         {"IRRD141I", Refused, ErrNotFound, "%s filter %q: no part of the name in the certificate begins so: %q", "CHECKCERT shows the names in the certificate"},
	msgFilterLong:      {"IRRD142I", Refused, ErrInvalid, "%s filter %q: it has %d characters, and a filter holds %d", "begin at a less specific part of the name"},
	msgPartialIssuer:   {"IRRD146I", Refused, ErrRefused, "issuer filter %q: with a subject filter it must be the whole name of the issuer, %q", "leave one of the two filters out, or begin the issuer filter at the first part"},
	msgFilterExists:    {"SGN071I", Refused, ErrExists, "a filter for subject %q and issuer %q already exists, as %s", "DELMAP that one first; ALTMAP changes its label, status or criteria"},
	msgFilterLabel:     {"SGN072I", Refused, ErrExists, "label %q is already used by another filter of %s", "choose another label"},
	msgNoFilter:        {"SGN073I", Refused, ErrNotFound, "no name filter of %s has the label %q", "labels are case-sensitive; LISTMAP shows them"},
	msgNoFilterListed:  {"SGN073I", Warning, ErrNotFound, "no name filter of %s has the label %q", "labels are case-sensitive; LISTMAP without a label shows them all"},
	msgNoFilters:       {"SGN074I", Refused, ErrNotFound, "%s has no name filters", ""},
	msgNoFiltersListed: {"SGN074I", Warning, ErrNotFound, "%s has no name filters", ""},
	msgManyFilters:     {"SGN075I", Refused, ErrRefused, "%s has more than one name filter: %q and %q", "say which with LABEL"},
	msgBadCriteria:     {"SGN076I", Refused, ErrInvalid, "criteria %q: %s", "write APPLID=&APPLID, SYSID=&SYSID, or both joined by a period, for a filter of MULTIID"},
	msgMistakable:      {"SGN077I", Refused, ErrRefused, "%s filter %q: a value in the certificate's name reads like a further part of it, so a filter would not tell it from another name", "ADD the certificate for the user instead"},
	msgBadVariable:     {"SGN078I", Refused, ErrInvalid, "%s %q: it holds %q", "it is made of letters, digits or # @ $ _ -"},
	msgNoUser:          {"SGN079I", Warning, nil, "the certificate maps to no user: %s", ""},

	msgNoProfile:        {"ICH06004I", Refused, ErrNotFound, "profile %q of class %s does not exist", "RDEFINE it first"},
	msgNoProfileDeleted: {"ICH12102I", Warning, ErrNotFound, "profile %q of class %s does not exist; nothing to delete", ""},
	msgProfileExists:    {"ICH10102I", Refused, ErrExists, "profile %q of class %s already exists", "change it with RALTER"},
	msgNoProfileListed:  {"ICH13003I", Warning, ErrNotFound, "profile %q of class %s not found", ""},
	msgNothingInClass:   {"ICH13004I", Warning, ErrNotFound, "class %s has no profiles", ""},
	msgNoGenerics:       {"ICH10321I", Warning, nil, "profile %q of class %s is discrete: generics are not active for the class", "SETROPTS GENERIC(class) first, then RDELETE it and define it again"},
	msgRdefineRefresh:   {"ICH10006I", Done, nil, "class %s is RACLISTed: checks see the change after SETROPTS RACLIST(%[1]s) REFRESH", ""},
	msgRalterRefresh:    {"ICH11009I", Done, nil, "class %s is RACLISTed: checks see the change after SETROPTS RACLIST(%[1]s) REFRESH", ""},
	msgRdeleteRefresh:   {"ICH12002I", Done, nil, "class %s is RACLISTed: checks see the change after SETROPTS RACLIST(%[1]s) REFRESH", ""},
	msgPermitRefresh:    {"ICH06011I", Done, nil, "class %s is RACLISTed: checks see the change after SETROPTS RACLIST(%[1]s) REFRESH", ""},
	msgNotRacListed:     {"ICH14070I", Done, nil, "REFRESH had no effect on class %s: it is not RACLISTed", ""},
	msgNotInList:        {"ICH06002I", Warning, nil, "%s is not in the access list of %q; nothing to delete", ""},
	msgNotInConditional: {"ICH06014I", Warning, nil, "%s has no entry %s in the conditional access list of %q; nothing to delete", ""},
	msgResetIgnored:     {"ICH06009I", Warning, nil, "RESET is ignored: DELETE was given, too", "say RESET in a PERMIT of its own"},
	msgAnyCondition:     {"ICH06013I", Refused, ErrInvalid, "WHEN(%s) goes with DELETE only", "name the condition, as in WHEN(PROGRAM(PAGENT))"},
	msgUndefinedEntry:   {"ICH06007I", Done, nil, "%s is not defined; its entry is kept, and does not count until it is", "ADDUSER or ADDGROUP defines it"},
	msgClassNotActive:   {"ICH06019I", Done, nil, "class %s is not active: its profiles protect nothing", "SETROPTS CLASSACT(class) makes it active"},
	msgUnusable:         {"ICH06015I", Warning, nil, "profile %q of class %s protects nothing: it is discrete and its name is generic", "RDELETE it and define it again"},
	msgMustBeListed:     {"ICH14040I", Done, nil, "class %s protects nothing until it is RACLISTed: SETROPTS RACLIST(%[1]s)", ""},
	msgBadResource:      {"SGN061I", Refused, ErrInvalid, "%s %q: %s", ""},
	msgDigitalClass:     {"SGN062I", Refused, ErrRefused, "class %s is administered by RACDCERT alone, and has no generic profiles", "use the RACDCERT functions; FACILITY and RDATALIB say who may"},

	msgUnknownUser:          {"ICH30001I", Refused, ErrNotFound, "user %s is not defined", "define the user with ADDUSER"},
	msgNoUserListed:         {"ICH30001I", Warning, ErrNotFound, "user %s is not defined", "LISTUSER * shows those that are"},
	msgNoUserDeleted:        {"ICH30001I", Warning, ErrNotFound, "user %s is not defined; nothing is deleted", "certificates and rings of an ID without a profile go with RACDCERT DELETE and DELRING"},
	msgBadGroup:             {"SGN100I", Refused, ErrInvalid, "group name %q: %s", "a group name has 1 to 32 letters, digits or # @ $ _ - ."},
	msgDefined:              {"SGN101I", Refused, ErrExists, "%s is already a %s", "users and groups share one set of names"},
	msgNoGroup:              {"SGN102I", Warning, ErrNotFound, "group %s is not defined", "LISTGRP * shows those that are"},
	msgUndefined:            {"SGN103I", Done, nil, "%s %s is not defined; the name is kept as it is given", ""},
	msgNotMember:            {"SGN104I", Refused, ErrNotFound, "user %s is not connected to group %s", "LISTUSER shows the user's groups; CONNECT adds one"},
	msgDefaultGroup:         {"SGN105I", Refused, ErrRefused, "user %s is not removed from group %s: it is the user's default group", "ALTUSER ... DFLTGRP(another group) first"},
	msgDeletedWith:          {"SGN106I", Done, nil, "%s is deleted with user %s", ""},
	msgGroupInUse:           {"SGN107I", Refused, ErrRefused, "group %s is not deleted: %s", "REMOVE its users and delete the groups below it first"},
	msgNoneDefined:          {"SGN108I", Warning, ErrNotFound, "no %s is defined", ""},
	msgBadOperand:           {"SGN109I", Refused, ErrInvalid, "%s %q: %s", ""},
	msgKeyLeft:              {"SGN114I", Failed, ErrHardware, "everything else is done, but the private key %s is still in its token: %v", "remove it with: signet token check"},
	msgKeyUnreachable:       {"SGN115I", Refused, ErrRefused, "the private key of %s cannot be used: %v", ""},
	msgKeyOrphan:            {"SGN116I", Failed, ErrHardware, "nothing was done, but the private key %s was made and could not be removed again: %v", "remove it with: signet token check"},
	msgKeyOwner:             {"SGN118I", Refused, ErrUnsupported, "a keystore holds the private keys of one user, and trusted certificates of CERTAUTH; a key of %s has no place in it", "make the certificate under a user ID, with KEYUSAGE(CERTSIGN) for a CA, or in a database"},
	msgTokenAway:            {"SGN120I", Warning, nil, "token %q cannot be looked at, and nothing is known of its keys: %v", ""},
	msgKeyMissing:           {"SGN121I", Warning, nil, "certificate %s: its private key %s is not in the token", "bring the key back from a backup of the token, or have the reference forgotten with: signet token check --fix"},
	msgKeyOther:             {"SGN122I", Warning, nil, "certificate %s: the private key %s is that of another certificate", "two tokens with one label, or a token that was made anew; find the right one, or DELETE the certificate"},
	msgKeyLoose:             {"SGN123I", Warning, nil, "private key %q, %s, belongs to certificate %s, which does not refer to it", "signet token check --fix gives it to the certificate"},
	msgKeyNoCertificate:     {"SGN124I", Warning, nil, "private key %q, %s: no certificate goes with it, in the database or in the token", "it may be another program's or another database's; signet token check --fix destroys it"},
	msgKeyForgotten:         {"SGN125I", Done, nil, "certificate %s: the reference to %s is forgotten", ""},
	msgKeyLinked:            {"SGN126I", Done, nil, "certificate %s: its private key is %s again", ""},
	msgKeyDestroyed:         {"SGN127I", Done, nil, "private key %q, %s, is destroyed", ""},
	msgKeyNotDestroyed:      {"SGN128I", Failed, ErrHardware, "private key %q, %s, is not destroyed: %v", ""},
	msgTokenAtomic:          {"SGN129I", Refused, ErrUnsupported, "a token is not changed in a transaction of several commands: it could not be changed back", "run the command by itself, or without --atomic"},
	msgLocalOnly:            {"SGN130I", Refused, ErrUnsupported, "%s works on the database itself, not through a server", "run it on the machine that has the database"},
	msgDenied:               {"IRRD101I", Refused, ErrDenied, "%s is not authorised to %s: %s", "signet can USER FUNCTION OBJECT shows what decided and what would change it"},
	msgDeniedPermit:         {"ICH06006I", Refused, ErrDenied, "%s is not authorised to %s: %s", ""},
	msgDeniedRdelete:        {"ICH12103I", Refused, ErrDenied, "%s is not authorised to %s: %s", ""},
	msgDeniedAdministration: {"SGN131I", Refused, ErrDenied, "%s is not authorised to %s: %s", ""},
	msgWarned:               {"ICH408I", Done, nil, "%s may %s only because a profile is in warning mode: %s", ""},
	msgNotReleased:          {"SGN132I", Refused, ErrDenied, "the private key of %s is not given to %s with ring %s: that needs %s", "name certificates to leave it out, or have it connected with another usage"},
	msgIssuerSkipped:        {"SGN133I", Warning, nil, "the issuer %s that came along is not stored: that needs CONTROL access to IRR.DIGTCERT.ADD in class FACILITY", "have somebody add it under CERTAUTH who may"},
	msgLastSpecial:          {"SGN135I", Refused, ErrRefused, "%s: the database would be without a SPECIAL user", "make another user SPECIAL first: ALTUSER user SPECIAL"},
	msgNoSuchAct:            {"SGN134I", Refused, ErrInvalid, "%s: %s", "name a function such as gencert, connect or export, and what it is about"},
	msgNoHardware:           {"SGN117I", Refused, ErrUnsupported, "a key in hardware needs a PKCS #11 module", "name it with --module or SIGNET_PKCS11_MODULE"},
	msgNoConsumer:           {"SGN113I", Refused, ErrInvalid, "%q is not a program whose choice is known", "choose cae, java, systemssl or openssl"},
	msgCertificateHeld:      {"ICH04014I", Refused, ErrRefused, "user %s is not deleted: GENREQ has used the certificate %q and the answer has not been added", "add the answer, or lose the private key with RACDCERT DELETE ... FORCE"},
}

// MissingKeyword is the error of a function that was not given something it needs.
func MissingKeyword(function, what string) error { return newError(msgKeyword, function, what) }
