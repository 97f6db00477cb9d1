package jcl

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/racdcert/tso"
)

// statements are the commands of a job as trees, written out; an error stands in place of its
// command, and warnings follow.
func statements(t *testing.T, text string, opts tso.ParseOptions) []string {
	t.Helper()
	var got []string
	for _, s := range good(t, text, Options{}).Steps {
		for _, c := range s.Commands() {
			st, err := c.ParseWith(opts)
			if err != nil {
				got = append(got, "error: "+err.Error())
				continue
			}
			got = append(got, st.String())
			for _, w := range st.Warnings {
				got = append(got, "warning: "+w.Error())
			}
		}
		for _, w := range s.Warnings {
			got = append(got, "warning: "+w.Error())
		}
	}
	return got
}

// Jobs as people really write them: one of each kind.
func TestJobsOfPeople(t *testing.T) {
	const (
		data = "//J JOB 1\n//S EXEC PGM=IKJEFT01\n//SYSTSPRT DD SYSOUT=*\n//SYSTSIN DD *\n"
		dlm  = "//J JOB 1\n//S EXEC PGM=IKJEFT01\n//SYSTSIN DD DATA,DLM=$$\n"
	)
	pad := func(text, sequence string) string {
		return text + strings.Repeat(" ", 72-len(text)) + sequence + "\n"
	}
	tests := []struct {
		name, text string
		want       []string
	}{
		{"CRLF line ends", strings.ReplaceAll(data+" RACDCERT ADDRING(R) -\n  ID(U)\n/*\n//\n", "\n", "\r\n"),
			[]string{"RACDCERT ADDRING(R) ID(U)"}},
		{"sequence numbers behind a mark", pad("//S EXEC PGM=IKJEFT01", "00010000") + pad("//SYSTSIN DD *", "00020000") +
			pad(" RACDCERT ADDRING(R) +", "00030000") + pad("  ID(U)", "00040000") + pad("/*", "00050000") + pad("//", "00060000"),
			[]string{"RACDCERT ADDRING(R) ID(U)"}},
		{"lower and mixed case", data + " racdcert Id(u) AddRing(Web.Ring)\n/*",
			[]string{"RACDCERT Id(u) AddRing(Web.Ring)"}},
		{"short command names", data + " SETR RACL(DIGTRING) REF\n RDEF FACILITY (A B) UACC(N)\n PE A CL(FACILITY) ID(U) AC(R)\n RL FACILITY A\n/*",
			[]string{"SETR RACL(DIGTRING) REF", "RDEF FACILITY(A B) UACC(N)", "PE A CL(FACILITY) ID(U) AC(R)", "RL FACILITY A"}},
		{"comma, then plus", data + " RACDCERT ID(U), +\n   GENCERT,+\n   SIZE(2048)\n/*",
			[]string{"RACDCERT ID(U) GENCERT SIZE(2048)"}},
		{"keyword, mark, parenthesis", data + " RACDCERT GENCERT SUBJECTSDN -\n   (CN -\n   ('x'))\n/*",
			[]string{"RACDCERT GENCERT SUBJECTSDN(CN('x'))"}},
		{"blanks around parentheses", data + " RACDCERT ID (  U ) EXPORT ( LABEL ('x' ) ) DSN ('A.B' )\n/*",
			[]string{"RACDCERT ID(U) EXPORT(LABEL('x')) DSN('A.B')"}},
		{"owner anywhere", data + " RACDCERT CERTAUTH LIST\n RACDCERT LIST CERTAUTH\n RACDCERT CONNECT(LABEL('x') RING(r) CERTAUTH) ID(U) ID(V)\n/*",
			[]string{"RACDCERT CERTAUTH LIST", "RACDCERT LIST CERTAUTH", "RACDCERT CONNECT(LABEL('x') RING(r) CERTAUTH) ID(U) ID(V)"}},
		{"missing parentheses", data + " RACDCERT CONNECT(LABEL('x') RING(r\n RACDCERT LIST\n/*",
			[]string{"RACDCERT CONNECT(LABEL('x') RING(r))", `warning: line 5 column 30: unbalanced parenthesis: "RING(" at line 5 column 30 is not closed`, "RACDCERT LIST"}},
		{"comment never closed", dlm + "/* RACDCERT LIST\n/* RACDCERT LIST -\n/*   CERTAUTH\n RACDCERT SITE LIST /* end\n SETROPTS LIST\n$$",
			[]string{"RACDCERT SITE LIST", "SETROPTS LIST"}},
		{"comment closed late", data + " /* two -\n lines */ RACDCERT -\n  LIST /* a -\n  b */ CERTAUTH\n/*",
			[]string{"RACDCERT LIST CERTAUTH"}},
		{"comment that ends in a mark", data + " /* ----- -\n RACDCERT LIST\n SETROPTS LIST\n/*",
			[]string{"SETROPTS LIST", "warning: line 5 column 2: the comment has no end and a continuation mark, so it reaches to line 6"}},
		{"comment in column 1", dlm + "/* make the ring */\n RACDCERT ADDRING(R)\n/* connect */\n$$\n//",
			[]string{"RACDCERT ADDRING(R)"}},
		{"DDNAME", "//S EXEC PGM=IKJEFT01\n//SYSTSIN DD DDNAME=RACF\n//ACF2 DD DATA,DLM=$$\n X\n$$\n//RACF DD DATA,DLM=$$\n/* c */\n RACDCERT LIST\n$$",
			[]string{"RACDCERT LIST"}},
		{"symbols with periods", "// EXPORT SYMLIST=*\n// SET A=USR,B=Ring\n//S EXEC PGM=IKJEFT01\n//SYSTSIN DD *,SYMBOLS=JCLONLY\n PERMIT &A..&B..LST CLASS(RDATALIB)\n/*",
			[]string{"PERMIT USR.Ring.LST CLASS(RDATALIB)"}},
		{"symbols that are not defined", "// EXPORT SYMLIST=*\n//S EXEC PGM=IKJEFT01\n//SYSTSIN DD *,SYMBOLS=JCLONLY\n RDEFINE RACFVARS &MYVAR ADDMEM(&X..Y)\n/*",
			[]string{"RDEFINE RACFVARS &MYVAR ADDMEM(&X..Y)"}},
		{"symbols that lengthen a line", "// EXPORT SYMLIST=*\n// SET N='a name of forty characters, more or less'\n//S EXEC PGM=IKJEFT01\n//SYSTSIN DD *,SYMBOLS=JCLONLY\n RACDCERT GENCERT SUBJECTSDN(CN('&N') OU('&N') O('&N')) WITHLABEL('x') +\n  SIZE(2048)\n/*",
			[]string{"RACDCERT GENCERT SUBJECTSDN(CN('a name of forty characters, more or less') OU('a name of forty characters, more or less') O('a name of forty characters, more or less')) WITHLABEL('x') SIZE(2048)"}},
		{"typographic quotes", data + " RACDCERT LIST(LABEL(‘x’))\n/*",
			[]string{"error: line 5 column 22: the typographic quote ‘ (U+2018) is no apostrophe"}},
		{"wrapped for the shell", data + " tsocmd \"RACDCERT LIST(LABEL('x'))\"\n/*",
			[]string{"RACDCERT LIST(LABEL('x'))"}},
		{"data set names", data + " RACDCERT ADD('USER1.CRT') TRUST\n RACDCERT ADD(MY.CRT) TRUST\n/*",
			[]string{"RACDCERT ADD('USER1.CRT') TRUST", "RACDCERT ADD(MY.CRT) TRUST"}},
		{"prefix", data + " PROFILE PREFIX(USER1)\n PROFILE NOPREFIX\n PROF\n/*",
			[]string{"PROFILE PREFIX(USER1)", "PROFILE NOPREFIX", "PROF"}},
		{"user ID with quotes or blanks", data + " RACDCERT ID('U') LIST\n RACDCERT ID( U ) LIST\n/*",
			[]string{"RACDCERT ID('U') LIST", "RACDCERT ID(U) LIST"}},
		{"no job card, no null statement", "//S EXEC PGM=IKJEFT01\n//SYSTSIN DD *\n RACDCERT LIST",
			[]string{"RACDCERT LIST"}},
		{"comment statements everywhere", "//*\n//J JOB 1\n//* c\n//S EXEC PGM=IKJEFT01\n//* SYSTSIN DD DUMMY\n//SYSTSIN DD *\n RACDCERT LIST\n//* the end\n",
			[]string{"RACDCERT LIST"}},
		{"blank lines between statements", "//J JOB 1\n\n//S EXEC PGM=IKJEFT01\n   \n//SYSTSIN DD *\n RACDCERT LIST\n/*\n\n",
			[]string{"RACDCERT LIST"}},
		{"a line too long", data + " RACDCERT GENCERT SUBJECTSDN(CN('a certificate') OU('a unit') O('an org')) -\n SIZE(2048)\n/*",
			[]string{
				// The lost mark shows that the command was to go on: nothing is supplied.
				`error: line 5 column 63: unbalanced parenthesis: "O(" at line 5 column 63 is not closed`,
				"SIZE (2048)",
				`warning: line 5 column 73: columns 73 to 80 are not read: ")) -" is dropped`,
			}},
		{"a line too long, symbols in it", "// EXPORT SYMLIST=*\n// SET R=ring\n//S EXEC PGM=IKJEFT01\n//SYSTSIN DD *,SYMBOLS=JCLONLY\n" +
			" RACDCERT ID(OWNER) CONNECT(LABEL('a certificate of a long name')         RING(&R) -\n  DEFAULT)\n/*",
			[]string{
				`error: line 5 column 21: unbalanced parenthesis: "CONNECT(" at line 5 column 21 is not closed`,
				`error: line 6 column 10: unbalanced parenthesis: ")" closes nothing`,
				`warning: line 5 column 73: columns 73 to 80 are not read: "RING(&R) -" is dropped`,
			}},
		{"the end of a command too long", data + " PERMIT  IRR.DIGTCERT.LISTRING     CLASS(FACILITY) ID(OMVSADM) ACCESS(ALTER)\n/*",
			[]string{
				"PERMIT IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(OMVSADM) ACCESS(AL)",
				`warning: line 5 column 64: unbalanced parenthesis: "ACCESS(" at line 5 column 64 is not closed`,
				`warning: line 5 column 73: columns 73 to 80 are not read: "TER)" is dropped`,
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := statements(t, tt.text, tso.ParseOptions{CloseParens: true})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Conditions and several steps, as in jobs that build on each other.
func TestJobOfSteps(t *testing.T) {
	const text = `
//RINGS    JOB (ACCT),'SECURITY',CLASS=A,MSGCLASS=H,NOTIFY=&SYSUID
//         EXPORT SYMLIST=(OWNER,RING)
//         SET OWNER=FTPD           started task
//         SET RING=FtpRing
//         SET REPLACE=1
//*
//CLEANUP  EXEC PGM=IKJEFT1B
//SYSTSPRT DD SYSOUT=*
//SYSTSIN  DD *,SYMBOLS=JCLONLY
  RACDCERT ID(&OWNER) DELRING(&RING)
/*
//* the ring may be missing
//IFREPL   IF (&REPLACE EQ 1 AND CLEANUP.RC LE 8) THEN
//ADD      EXEC PGM=IKJEFT1B,COND=(8,LT,CLEANUP)
//SYSTSPRT DD SYSOUT=*
//SYSTSIN  DD *,SYMBOLS=(JCLONLY,LOG)
  RACDCERT ID(&OWNER) ADDRING(&RING) /* &REPLACE */
/*
//IFREPL   ELSE
//NOTHING  EXEC PGM=IEFBR14
//IFREPLX  ENDIF
//FINISH   EXEC PGM=IKJEFT01,COND=((0,NE,ADD),(4,LT,CLEANUP))
//SYSTSIN  DD *
  SETROPTS RACLIST(DIGTRING) REFRESH
//
`
	job := good(t, text, Options{Symbols: map[string]string{"SYSUID": "ME"}})
	want := `CLEANUP IKJEFT1B
  RACDCERT ID(FTPD) DELRING(FtpRing)
ADD IKJEFT1B
  RACDCERT ID(FTPD) ADDRING(FtpRing) /* &REPLACE */
  ! line 17 column 41: symbol &REPLACE stays as it stands in the data
NOTHING IEFBR14
FINISH IKJEFT01
  SETROPTS RACLIST(DIGTRING) REFRESH
`
	if diff := cmp.Diff(want, show(job)); diff != "" {
		t.Error(diff)
	}
	tests := []struct {
		codes map[string]int
		ran   string
		code  int
	}{
		{nil, "CLEANUP ADD FINISH", 0},
		{map[string]int{"CLEANUP": 8}, "CLEANUP ADD", 8},
		{map[string]int{"CLEANUP": 12}, "CLEANUP NOTHING", 12},
		{map[string]int{"ADD": 4}, "CLEANUP ADD", 4},
	}
	for _, tt := range tests {
		if ran, r := play(job, tt.codes); ran != tt.ran || r.Code != tt.code {
			t.Errorf("codes %v: ran %s with %d", tt.codes, ran, r.Code)
		}
	}
}

// The jobs of product documentation: hyphens and boxed comments, the null statement right behind
// the data; pluses, comments in column 1 and DLM=.
func TestDocumentedJobs(t *testing.T) {
	const stack = `
//TLSRACF JOB MSGLEVEL=(1,1),USER=OMVSADM,PASSWORD=ALL1SDUN,            
//        CLASS=A,MSGCLASS=A                                            
//*                                                                     
/*ROUTE PRINT THISCPU/IMSTST43                                          
//   EXEC PGM=IKJEFT01                                                  
//SYSTSPRT DD SYSOUT=*                                                  
//SYSABEND DD SYSOUT=*                                                  
//SYSTSIN DD *                                                          
      /*-----------------------------------------------------------*/  
      /*  Create a key ring (ZOSCONN-APIR-KEYRING in this example).*/ 
      /*-----------------------------------------------------------*/  
      RACDCERT ADDRING(ZOSCONN-APIR-KEYRING) ID(OMVSADM)
      RACDCERT CERTAUTH GENCERT -                                       
       SUBJECTSDN(CN('IMSCA') OU('ZCEE') O('US IBM SVL') C('US')) -    
       KEYUSAGE(CERTSIGN) WITHLABEL('IMSCA')                            
    RACDCERT GENCERT -
     SUBJECTSDN(CN('ZCEESERVER.MYCOM.COM') T('MY ZCEE SERVER') -
     OU('ZCEE') O('US MYCOM COM') L('SANJOSE') SP('SANJOSE') C('US'))-
     SIZE(2048) WITHLABEL('ZOSCONNCERT') -
     SIGNWITH(CERTAUTH LABEL('IMSCA')) ID(OMVSADM)
    RDELETE FACILITY (IRR.DIGTCERT.LIST    IRR.DIGTCERT.LISTRING)           
PERMIT EZB.INITSTACK.SYSNAME.TCPNAME CLASS(SERVAUTH) ID(*) ACCESS(READ)- 
       WHEN(PROGRAM(PAGENT,EZAPAGEN))                                   
SETROPTS GENERIC(SERVAUTH) REFRESH                                      
//                                                                     
`
	job := good(t, stack, Options{})
	if job.Name != "TLSRACF" || job.User != "OMVSADM" || job.Steps[0].Name != "" || len(job.Warnings) > 0 {
		t.Errorf("job %+v", job)
	}
	want := []string{
		"RACDCERT ADDRING(ZOSCONN-APIR-KEYRING) ID(OMVSADM)",
		"RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('IMSCA') OU('ZCEE') O('US IBM SVL') C('US')) KEYUSAGE(CERTSIGN) WITHLABEL('IMSCA')",
		"RACDCERT GENCERT SUBJECTSDN(CN('ZCEESERVER.MYCOM.COM') T('MY ZCEE SERVER') OU('ZCEE') O('US MYCOM COM') L('SANJOSE') SP('SANJOSE') C('US')) SIZE(2048) WITHLABEL('ZOSCONNCERT') SIGNWITH(CERTAUTH LABEL('IMSCA')) ID(OMVSADM)",
		"RDELETE FACILITY(IRR.DIGTCERT.LIST IRR.DIGTCERT.LISTRING)",
		"PERMIT EZB.INITSTACK.SYSNAME.TCPNAME CLASS(SERVAUTH) ID(*) ACCESS(READ) WHEN(PROGRAM(PAGENT EZAPAGEN))",
		"SETROPTS GENERIC(SERVAUTH) REFRESH",
	}
	if diff := cmp.Diff(want, statements(t, stack, tso.ParseOptions{})); diff != "" {
		t.Error(diff)
	}

	const ring = `
//RING     EXEC PGM=IKJEFT1A
//SYSTSIN  DD DATA,DLM='@@'
/* the ring of the server
RACDCERT CERTAUTH GENCERT +
    SUBJECTSDN( +
        CN('MVS098 Certificate Authority') +
        OU('Z/OS CS V1R9', 'ENS', 'AIM', 'SWG') +
        C('US') ) +
    NOTBEFORE(DATE(2010-02-01)) +
    ALTNAME( +
        DOMAIN('mvs098.tcp.raleigh.ibm.com') )
RACDCERT ID (TCPCS) +
  CONNECT (LABEL ('ABCTLS TCPSERV') +
  RING (TLSRING) +
  DEFAULT)
@@
`
	want = []string{
		"RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('MVS098 Certificate Authority') OU('Z/OS CS V1R9' 'ENS' 'AIM' 'SWG') C('US')) NOTBEFORE(DATE(2010-02-01)) ALTNAME(DOMAIN('mvs098.tcp.raleigh.ibm.com'))",
		"RACDCERT ID(TCPCS) CONNECT(LABEL('ABCTLS TCPSERV') RING(TLSRING) DEFAULT)",
	}
	if diff := cmp.Diff(want, statements(t, ring, tso.ParseOptions{})); diff != "" {
		t.Error(diff)
	}
}

func TestCondOnly(t *testing.T) {
	lines, err := tso.Lines([]byte("//J JOB\n//A EXEC PGM=IEFBR14\n//B EXEC PGM=IEFBR14,COND=ONLY\n//C EXEC PGM=IEFBR14,COND=EVEN\n"))
	if err != nil {
		t.Fatal(err)
	}
	job, problems := Parse(lines)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var ran []string
	job.Run(func(s *Step) int { ran = append(ran, s.Name); return 0 })
	if len(ran) != 2 || ran[0] != "A" || ran[1] != "C" {
		t.Errorf("steps that ran: %v", ran)
	}
}
