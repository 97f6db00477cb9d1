package racdcert

import (
	"crypto/x509"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"signet/cert"
	"signet/ring"
)

// pieceWidth is how much of a long name one >...< line shows (racdcert-rings.md G3).
const pieceWidth = 72

// display prints listings in RACF's layout, to the column (racdcert-displays.md). The first
// error of the writer is kept and stops the output.
type display struct {
	w    io.Writer
	zone *time.Location
	err  error
}

// line prints one line. What the arguments say is foreign and cannot break out of it.
func (d *display) line(format string, args ...any) {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			args[i] = cert.Visible(v)
		case fmt.Stringer:
			args[i] = cert.Visible(v.String())
		}
	}
	if d.err == nil {
		_, d.err = fmt.Fprintf(d.w, format+"\n", args...)
	}
}

// pieces prints a name in > < from column 8, continued on more lines when it is long.
func (d *display) pieces(name string) {
	runes := []rune(name)
	for {
		n := min(len(runes), pieceWidth)
		d.line("       >%s<", string(runes[:n]))
		if runes = runes[n:]; len(runes) == 0 {
			return
		}
	}
}

// owner prints the heading of LIST.
func (d *display) owner(o ring.Owner) {
	name := o.Name()
	if o.IsUser() {
		name = "user " + name
	}
	d.line("Digital certificate information for %s:\n", name)
}

// certificate prints one certificate of LIST with its rings, and a blank line.
func (d *display) certificate(l ring.Listing) error {
	c := l.Certificate
	x, err := c.X509()
	if err != nil {
		return err
	}
	d.record(c)
	d.fields(x)
	d.line("  Private Key: %s", yes(c.HasKey()))
	d.fingerprint(c.DER)
	d.associations(l.Rings)
	d.remark(x)
	d.line("")
	return d.err
}

// record prints what only the database knows of a certificate.
func (d *display) record(c *ring.Certificate) {
	d.line("  Label: %s", c.Label)
	d.line("  Certificate ID: %s", c.Ref().CertificateID())
	d.line("  Status: %s", c.Status)
}

// fields prints what a certificate says of itself.
func (d *display) fields(x *x509.Certificate) {
	d.line("  Start Date: %s", d.date(x.NotBefore))
	d.line("  End Date:   %s", d.date(x.NotAfter))
	d.line("  Serial Number:")
	d.line("       >%s<", cert.SerialHex(x.SerialNumber))
	d.line("  Issuer's Name:")
	d.pieces(cert.IssuerOf(x).RACF())
	d.line("  Subject's Name:")
	d.pieces(cert.SubjectOf(x).RACF())
	d.altNames(cert.AltNamesOf(x))
	d.line("  Signing Algorithm: %s", cert.SignatureName(x))
	if words := cert.UsageWords(x.KeyUsage, cert.AlgorithmOf(x.PublicKey)); len(words) > 0 {
		d.line("  Key Usage: %s", strings.Join(words, ", "))
	}
	d.line("  Key Type: %s", cert.KeyType(x))
	d.line("  Key Size: %d", cert.KeySize(x))
}

func (d *display) fingerprint(der []byte) {
	sum := cert.Fingerprint(der)
	d.line("  Certificate Fingerprint (SHA256):")
	d.line("       %s:", colons(sum[:16]))
	d.line("       %s", colons(sum[16:]))
}

// associations prints the rings that a certificate is in.
func (d *display) associations(rings []ring.RingRef) {
	d.line("  Ring Associations:")
	if len(rings) == 0 {
		d.line("  *** No rings associated ***")
	}
	for _, r := range rings {
		d.line("    Ring Owner: %s", r.Owner.Name())
		d.line("    Ring:")
		d.pieces(r.Name)
	}
}

// remark says that a certificate could not be read in full, and why. RACF has no such line.
func (d *display) remark(x *x509.Certificate) {
	if why := cert.Remark(x); why != "" {
		d.line("  *** Not read in full: %s ***", why)
	}
}

func (d *display) date(t time.Time) string { return t.In(d.zone).Format("2006/01/02 15:04:05") }

// altNames prints the alternative names, an @ as RACF shows it.
func (d *display) altNames(a cert.AltNames) {
	if a.Empty() {
		return
	}
	d.line("  Subject's AltNames:")
	for _, ip := range a.IPs {
		d.line("    IP: %s", ip)
	}
	for _, e := range a.Emails {
		d.line("    EMail: %s", strings.ReplaceAll(e, "@", " at "))
	}
	for _, n := range a.DNS {
		d.line("    Domain: %s", n)
	}
	for _, u := range a.URIs {
		d.line("    URI: %s", u)
	}
}

func yes(b bool) string {
	if b {
		return "YES"
	}
	return "NO"
}

// colons prints octets in hex with colons between them.
func colons(b []byte) string {
	return strings.ReplaceAll(strings.ToUpper(fmt.Sprintf("% x", b)), " ", ":")
}

// rings prints the rings of one owner.
func (d *display) rings(owner ring.Owner, rings iter.Seq[ring.RingListing]) {
	d.line("Digital ring information for user %s:", owner.Name())
	for r := range rings {
		d.line("\n  Ring:")
		d.pieces(r.Ring.Name)
		if len(r.Connections) == 0 {
			d.line("  *** No certificates connected ***")
			continue
		}
		d.line("  %-32s   %-12s   %-8s   %s", "Certificate Label Name", "Cert Owner", "USAGE", "DEFAULT")
		d.line("  %s   %s   %s   %s", strings.Repeat("-", 32), strings.Repeat("-", 12), strings.Repeat("-", 8), strings.Repeat("-", 7))
		for _, c := range r.Connections {
			d.line("  %-32s   %-12s   %-8s     %s", c.Cert.Label, c.Cert.Owner, c.Usage, yes(c.Default))
		}
	}
	d.line("")
}
