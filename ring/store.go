package ring

import (
	"context"
	"crypto"
	"iter"
	"math/big"
	"time"

	"signet/saf"
)

// Store keeps a key-ring database. View runs fn on one consistent state. Update runs fn in one
// serializable transaction: when it returns nil everything fn did is durable, otherwise nothing
// happened. A store may run fn again, when another writer was in its way. Neither may be called
// from inside fn.
type Store interface {
	View(ctx context.Context, fn func(Tx) error) error
	Update(ctx context.Context, fn func(Tx) error) error
	Close() error
}

// Tx is what the rules need of a store within one transaction. Every method costs an index
// look-up, whatever the size of the database. A look-up of one thing that is not there fails
// with ErrNotFound; what the store cannot hold fails with ErrUnsupported, before anything
// changes. The sequences stop after the first error, and the body of a loop over one may call
// any other method.
type Tx interface {
	// Attempt runs fn within the transaction. When fn fails, what it changed is undone and the
	// transaction goes on without it. fn may call Attempt.
	Attempt(fn func() error) error

	Tokens
	Trail

	// Certificate finds one by its owner and label.
	Certificate(CertRef) (*Certificate, error)
	// CertificateByIssuerSerial finds the one with this issuer (DER of the name) and serial.
	CertificateByIssuerSerial(issuer []byte, serial *big.Int) (*Certificate, error)
	// Certificates yields those of one owner in the order they were added.
	Certificates(Owner) iter.Seq2[*Certificate, error]
	// CertificatesBySubject yields those with this subject (DER of the name).
	CertificatesBySubject(subject []byte) iter.Seq2[*Certificate, error]
	// CertificatesByPublicKey yields those with this key (DER SubjectPublicKeyInfo).
	CertificatesByPublicKey(spki []byte) iter.Seq2[*Certificate, error]
	// CertificatesExpiring yields those whose validity ends in [from, to), soonest first.
	CertificatesExpiring(from, to time.Time) iter.Seq2[*Certificate, error]
	// AddCertificate stores a new one, at first without a key, and sets its ID. A label of the
	// owner or an issuer and serial that exist already fail with ErrExists.
	AddCertificate(*Certificate) error
	// AddWithKey is AddCertificate and PutPrivateKey in one.
	AddWithKey(c *Certificate, key crypto.Signer) error
	// UpdateCertificate replaces everything but the ID and the key of a stored one.
	UpdateCertificate(*Certificate) error
	// DeleteCertificate removes one with its key and its connections.
	DeleteCertificate(*Certificate) error

	// PrivateKey gives the key of a certificate. For a key in the store it is a software key
	// that x509.MarshalPKCS8PrivateKey takes.
	PrivateKey(*Certificate) (crypto.Signer, error)
	// PutPrivateKey seals a software key to a stored certificate and sets c.Key.
	PutPrivateKey(c *Certificate, key crypto.Signer) error
	// PutKeyRef records that the private key of a stored certificate is in a token, and sets
	// c.Key. A certificate that has a key already fails with ErrExists.
	PutKeyRef(c *Certificate, ref KeyRef) error
	// DeletePrivateKey destroys the sealed key of a certificate, or forgets where in a token it
	// is, and clears c.Key.
	DeletePrivateKey(c *Certificate) error

	// RetireKey remembers for good that no copy of a private key may be stored again, by its
	// public key (DER SubjectPublicKeyInfo), whatever becomes of its certificates.
	RetireKey(spki []byte) error
	// KeyRetired reports whether RetireKey was told of a key.
	KeyRetired(spki []byte) (bool, error)

	// Ring finds a ring by owner and name.
	Ring(RingRef) (*Ring, error)
	// Rings yields the rings of one owner in the order they were made.
	Rings(Owner) iter.Seq2[*Ring, error]
	// AddRing stores a new ring and sets its ID; an existing name fails with ErrExists.
	AddRing(*Ring) error
	// DeleteRing removes a ring with its connections.
	DeleteRing(*Ring) error

	// Connection finds the connection of a certificate to a ring.
	Connection(*Ring, *Certificate) (*Connection, error)
	// Connections yields the connections of a ring in connection order.
	Connections(*Ring) iter.Seq2[*Connection, error]
	// ConnectionsOf yields the connections of a certificate, in the order of its rings.
	ConnectionsOf(*Certificate) iter.Seq2[*Connection, error]
	// DefaultConnection finds the ring's default.
	DefaultConnection(*Ring) (*Connection, error)
	// PutConnection adds a connection at the end of its ring, or changes usage and default of
	// the one that is there. A second default in one ring fails with ErrExists.
	PutConnection(*Connection) error
	// DeleteConnection removes a certificate from a ring.
	DeleteConnection(*Connection) error

	// Filter finds a certificate name filter by its owner and label.
	Filter(FilterRef) (*Filter, error)
	// FilterByNames finds the one with exactly these two filters on names.
	FilterByNames(subject, issuer string) (*Filter, error)
	// Filters yields those of one owner in the order they were made.
	Filters(Owner) iter.Seq2[*Filter, error]
	// AddFilter stores a new one and sets its ID. A label of the owner or a pair of names that
	// exist already fail with ErrExists.
	AddFilter(*Filter) error
	// UpdateFilter changes label, status and criteria of a stored one.
	UpdateFilter(*Filter) error
	// DeleteFilter removes one.
	DeleteFilter(*Filter) error
	// FilterLabelHint is LabelHint for the labels of filters, which are apart from those of
	// certificates.
	FilterLabelHint(Owner) (int, error)
	// SetFilterLabelHint remembers it.
	SetFilterLabelHint(Owner, int) error

	// LabelHint is a number below which every generated label of the owner is taken; 1 when
	// nothing is known. It makes the lowest free label cheap to find.
	LabelHint(Owner) (int, error)
	// SetLabelHint remembers it.
	SetLabelHint(Owner, int) error

	// Setting gives a database setting, empty when it was never set.
	Setting(name string) (string, error)
	// PutSetting changes one; an empty value restores its default.
	PutSetting(name, value string) error

	// Profile finds a general-resource profile by class and exact name.
	Profile(class, name string) (*saf.Profile, error)
	// Profiles yields the profiles of a class by name.
	Profiles(class string) iter.Seq2[*saf.Profile, error]
	// Protecting yields the profiles that may cover a resource, as saf.Source has it: those that
	// Profiles yields, or, when listed, those of the snapshot of a RACLISTed class. Its cost
	// grows with the generic profiles of one stem at most, not with those of the class.
	Protecting(class, resource string, listed bool) iter.Seq2[*saf.Profile, error]
	// TakeSnapshot makes the profiles of a class, as they are, its snapshot in place of an older
	// one. It costs as much as the class has profiles.
	TakeSnapshot(class string) error
	// DropSnapshot forgets the snapshot of a class, if there is one.
	DropSnapshot(class string) error
	// PutProfile adds or replaces a profile with its access list.
	PutProfile(*saf.Profile) error
	// DeleteProfile removes one.
	DeleteProfile(class, name string) error
	// Class gives the state of a class; one never touched is the zero state with its name.
	Class(name string) (saf.Class, error)
	// Classes gives the state of every class that was ever touched, by name. They are few.
	Classes() ([]saf.Class, error)
	// PutClass changes the state of a class.
	PutClass(saf.Class) error

	// User finds the profile of a user.
	User(id string) (*saf.User, error)
	// Users yields all of them by ID.
	Users() iter.Seq2[*saf.User, error]
	// PutUser adds or replaces one.
	PutUser(*saf.User) error
	// DeleteUser removes one; its memberships stay.
	DeleteUser(id string) error
	// Group finds the profile of a group.
	Group(name string) (*saf.Group, error)
	// Groups yields all of them by name.
	Groups() iter.Seq2[*saf.Group, error]
	// Subgroups yields those whose superior group is this one, by name.
	Subgroups(superior string) iter.Seq2[*saf.Group, error]
	// PutGroup adds or replaces one.
	PutGroup(*saf.Group) error
	// DeleteGroup removes one; its memberships stay.
	DeleteGroup(name string) error
	// Membership finds the connection of a user to a group. Neither need be defined.
	Membership(user, group string) (*saf.Membership, error)
	// MembershipsOf yields those of a user in the order they were made.
	MembershipsOf(user string) iter.Seq2[*saf.Membership, error]
	// Members yields those of a group in the order they were made.
	Members(group string) iter.Seq2[*saf.Membership, error]
	// PutMembership adds one at the end, or changes the one that is there where it is.
	PutMembership(*saf.Membership) error
	// DeleteMembership removes one.
	DeleteMembership(user, group string) error
}
