package tso

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The commands that people start from, as they stand in product documentation: continuation by
// hyphen and boxed comments.
const serverScript = `
      /*-----------------------------------------------------------*/  
      /*  Create a key ring (ZOSCONN-APIR-KEYRING in this example).*/ 
      /*-----------------------------------------------------------*/  
      RACDCERT ADDRING(ZOSCONN-APIR-KEYRING) ID(OMVSADM)
       /*-----------------------------------------------------------*/  
       /*  Create a certificate to use as the Certificate Authority */
       /*  (CA), export to dataset, and connect to the key ring,    */
       /*  ZOSCONN-APIR-KEYRING.                                    */  
       /*-----------------------------------------------------------*/  
      RACDCERT CERTAUTH GENCERT -                                       
       SUBJECTSDN(CN('IMSCA') OU('ZCEE') O('US IBM SVL') C('US')) -    
       KEYUSAGE(CERTSIGN) WITHLABEL('IMSCA')                            
       RACDCERT CERTAUTH EXPORT(LABEL('IMSCA')) DSN(CERTAUTH.CERT)     
      RACDCERT CONNECT(CERTAUTH LABEL('IMSCA') -
       RING(ZOSCONN-APIR-KEYRING)) ID(OMVSADM)
    RACDCERT GENCERT -
     SUBJECTSDN(CN('ZCEESERVER.MYCOM.COM') T('MY ZCEE SERVER') -
     OU('ZCEE') O('US MYCOM COM') L('SANJOSE') SP('SANJOSE') C('US'))-
     SIZE(2048) WITHLABEL('ZOSCONNCERT') -
     SIGNWITH(CERTAUTH LABEL('IMSCA')) ID(OMVSADM)
    RACDCERT EXPORT(LABEL('ZOSCONNCERT')) DSN(ZCONN.CERT.P12DER) -
     FORMAT(PKCS12DER) PASSWORD('imsmobile') ID(OMVSADM)
    RACDCERT CONNECT(LABEL('ZOSCONNCERT') -
     DEFAULT RING(ZOSCONN-APIR-KEYRING)) -
     ID(OMVSADM)
    
    SETROPTS RACLIST(DIGTCERT) REFRESH                                      
    RDELETE FACILITY (IRR.DIGTCERT.LIST    IRR.DIGTCERT.LISTRING)           
    RDEFINE  FACILITY  IRR.DIGTCERT.LISTRING   UACC(NONE)                   
    PERMIT   IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(OMVSADM) ACCESS(ALTER)
`

// Continuation by plus, a comment without end, blanks before parentheses.
const ringScript = `/* ring for the started task
RACDCERT CERTAUTH GENCERT +
    SUBJECTSDN( +
        CN('MVS098 Certificate Authority') +
        OU('Z/OS CS V1R9', 'ENS', 'AIM', 'SWG') +
        O('IBM') +
        C('US') ) +
    SIZE(1024) +
    NOTBEFORE(DATE(2010-02-01)) +
    WITHLABEL('ABCTLS CA') +
    ALTNAME( +
        DOMAIN('mvs098.tcp.raleigh.ibm.com') )
RACDCERT ID(TCPCS) GENREQ (LABEL('ABCTLS TCPSERV')) +  
    DSN('USER1.PKITEST.SERVERS.REQ')
RACDCERT CERTAUTH +
  EXPORT (LABEL ('ABCTLS CA')) +
  DSN ('USER1.ABCTLSCA.B64') +
  FORMAT (CERTB64)
RACDCERT ID (TCPCS) +
  CONNECT (LABEL ('ABCTLS TCPSERV') +
  RING (TLSRING) +
  DEFAULT)
RACDCERT ID (TCPCS) +
  LISTRING (TLSRING)
`

func TestScripts(t *testing.T) {
	tests := []struct {
		name, script string
		want         []string
	}{
		{"hyphens", serverScript, []string{
			"RACDCERT ADDRING[ZOSCONN-APIR-KEYRING] ID[OMVSADM]",
			"RACDCERT CERTAUTH GENCERT SUBJECTSDN[CN[«IMSCA»] OU[«ZCEE»] O[«US IBM SVL»] C[«US»]] KEYUSAGE[CERTSIGN] WITHLABEL[«IMSCA»]",
			"RACDCERT CERTAUTH EXPORT[LABEL[«IMSCA»]] DSN[CERTAUTH.CERT]",
			"RACDCERT CONNECT[CERTAUTH LABEL[«IMSCA»] RING[ZOSCONN-APIR-KEYRING]] ID[OMVSADM]",
			"RACDCERT GENCERT SUBJECTSDN[CN[«ZCEESERVER.MYCOM.COM»] T[«MY ZCEE SERVER»] OU[«ZCEE»] O[«US MYCOM COM»] L[«SANJOSE»] SP[«SANJOSE»] C[«US»]] SIZE[2048] WITHLABEL[«ZOSCONNCERT»] SIGNWITH[CERTAUTH LABEL[«IMSCA»]] ID[OMVSADM]",
			"RACDCERT EXPORT[LABEL[«ZOSCONNCERT»]] DSN[ZCONN.CERT.P12DER] FORMAT[PKCS12DER] PASSWORD[«imsmobile»] ID[OMVSADM]",
			"RACDCERT CONNECT[LABEL[«ZOSCONNCERT»] DEFAULT RING[ZOSCONN-APIR-KEYRING]] ID[OMVSADM]",
			"SETROPTS RACLIST[DIGTCERT] REFRESH",
			"RDELETE FACILITY[IRR.DIGTCERT.LIST IRR.DIGTCERT.LISTRING]",
			"RDEFINE FACILITY IRR.DIGTCERT.LISTRING UACC[NONE]",
			"PERMIT IRR.DIGTCERT.LISTRING CLASS[FACILITY] ID[OMVSADM] ACCESS[ALTER]",
		}},
		{"pluses", ringScript, []string{
			"RACDCERT CERTAUTH GENCERT SUBJECTSDN[CN[«MVS098 Certificate Authority»] OU[«Z/OS CS V1R9» «ENS» «AIM» «SWG»] O[«IBM»] C[«US»]] SIZE[1024] NOTBEFORE[DATE[2010-02-01]] WITHLABEL[«ABCTLS CA»] ALTNAME[DOMAIN[«mvs098.tcp.raleigh.ibm.com»]]",
			"RACDCERT ID[TCPCS] GENREQ[LABEL[«ABCTLS TCPSERV»]] DSN[«USER1.PKITEST.SERVERS.REQ»]",
			"RACDCERT CERTAUTH EXPORT[LABEL[«ABCTLS CA»]] DSN[«USER1.ABCTLSCA.B64»] FORMAT[CERTB64]",
			"RACDCERT ID[TCPCS] CONNECT[LABEL[«ABCTLS TCPSERV»] RING[TLSRING] DEFAULT]",
			"RACDCERT ID[TCPCS] LISTRING[TLSRING]",
		}},
	}
	for _, tt := range tests {
		for _, ends := range []string{"\n", "\r\n"} {
			t.Run(tt.name, func(t *testing.T) {
				var got []string
				for _, c := range commands(t, strings.ReplaceAll(tt.script, "\n", ends)) {
					s, err := c.Parse()
					if err != nil {
						t.Fatal(err)
					}
					if len(s.Warnings) > 0 {
						t.Errorf("warnings: %v", s.Warnings)
					}
					got = append(got, shape(s))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}
