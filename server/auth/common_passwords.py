"""The passwords that attackers try first, of those that have 8 characters, a letter and a digit."""

from __future__ import annotations

COMMON = frozenset(
    """
!qaz2wsx 11111111a 1111111a 1234567890a 123456789a 123456789q 12345678a 12345678q 1234567a 1234567q 123456aa
123456ab 123456abc 123456qwerty 12345abc 12345qwert 1234abcd 1234qwer 123abc123 123qwe123 123qweasd
123qweasdzxc 147258369a 159357qwe 1a2b3c4d 1a2s3d4f 1password 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx
1qaz2wsx3edc 1qaz@wsx 1qazxsw2 2wsx3edc 5201314a 987654321a a11111111 a1234567 a12345678 a123456789 a1b2c3d4
a1b2c3d4e5 aa123456 aa12345678 ab123456 abc12345 abc123456 abc123abc abcd1234 abcdef12 abcdef123 abcdef1234
access12 access123 access1234 admin123 admin1234 admin@123 administrator1 administrator12 administrator123
administrator1234 arsenal1 arsenal12 arsenal123 arsenal1234 asd12345 asd123456 asd123asd asdf1234 asdfgh12
asdfgh123 asdfgh1234 asdfghjkl1 asdfghjkl123 ashley12 ashley123 ashley1234 azerty01 azerty12 azerty123
azerty1234 azerty12345 azerty123456 azerty2024 azerty2025 azerty2026 babylon5 banana12 banana123 banana1234
barcelona1 barcelona12 barcelona123 barcelona1234 baseball1 baseball12 baseball123 baseball1234 batman12
batman123 batman1234 blink182 bonjour1 buster12 buster123 buster1234 butterfly1 butterfly12 butterfly123
butterfly1234 changeme1 changeme12 changeme123 changeme1234 charlie1 charlie12 charlie123 charlie1234
chelsea1 chelsea12 chelsea123 chelsea1234 chocolate1 chocolate12 chocolate123 chocolate1234 computer1
computer12 computer123 computer1234 cookie12 cookie123 cookie1234 daniel12 daniel123 daniel1234 default1
default12 default123 default1234 demo1234 diamond1 diamond12 diamond123 diamond1234 dragon12 dragon123
dragon1234 ferrari1 ferrari12 ferrari123 ferrari1234 flower12 flower123 flower1234 football1 football12
football123 football1234 freedom1 freedom12 freedom123 freedom1234 ginger12 ginger123 ginger1234 guest123
hallo123 hallo1234 harley12 harley123 harley1234 hello123 hello1234 hockey12 hockey123 hockey1234 hunter12
hunter123 hunter1234 iloveyou01 iloveyou1 iloveyou12 iloveyou123 iloveyou1234 iloveyou12345 iloveyou123456
iloveyou2 iloveyou2024 iloveyou2025 iloveyou2026 iloveyou3 internet1 internet12 internet123 internet1234
jennifer1 jennifer12 jennifer123 jennifer1234 jessica1 jessica12 jessica123 jessica1234 jordan12 jordan123
jordan1234 jordan23 juventus1 killer12 killer123 killer1234 letmein01 letmein1 letmein12 letmein123
letmein1234 letmein12345 letmein123456 letmein2024 letmein2025 letmein2026 liverpool1 liverpool12
liverpool123 liverpool1234 love1234 love12345 maggie12 maggie123 maggie1234 marseille13 master12 master123
master1234 metallica1 michael1 michael12 michael123 michael1234 minecraft1 monkey12 monkey123 monkey1234
motdepasse1 mustang1 mustang12 mustang123 mustang1234 naruto123 ncc1701d ncc1701e nicole12 nicole123
nicole1234 orange12 orange123 orange1234 p4ssw0rd p4ssword p@ssw0rd! p@ssw0rd01 p@ssw0rd1 p@ssw0rd12
p@ssw0rd123 p@ssw0rd1234 p@ssw0rd12345 p@ssw0rd123456 p@ssw0rd2024 p@ssw0rd2025 p@ssw0rd2026 p@ssword01
p@ssword1 p@ssword12 p@ssword123 p@ssword1234 p@ssword12345 p@ssword123456 p@ssword2024 p@ssword2025
p@ssword2026 pa55word01 pa55word1 pa55word12 pa55word123 pa55word1234 pa55word12345 pa55word123456
pa55word2024 pa55word2025 pa55word2026 pass1234 pass12345 pass123456 pass@123 passw0rd! passw0rd01 passw0rd1
passw0rd12 passw0rd123 passw0rd1234 passw0rd12345 passw0rd123456 passw0rd2024 passw0rd2025 passw0rd2026
passwd123 password0 password00 password01 password1 password1! password11 password12 password123
password123! password1234 password1234! password12345 password123456 password2 password2024 password2025
password2026 password22 password3 password7 password8 password9 passwort1 pepper12 pepper123 pepper1234
pokemon1 pokemon12 pokemon123 pokemon1234 princess1 princess12 princess123 princess1234 purple12 purple123
purple1234 pwd12345 q1234567 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 q2w3e4r5 qaz123wsx qazwsx12 qazwsx123
qazwsx1234 qwe123qwe qweasd123 qweasdzxc123 qwer1234 qwert123 qwert1234 qwerty01 qwerty12 qwerty123
qwerty1234 qwerty12345 qwerty123456 qwerty2024 qwerty2025 qwerty2026 qwertyui1 qwertyuiop01 qwertyuiop1
qwertyuiop12 qwertyuiop123 qwertyuiop1234 qwertyuiop12345 qwertyuiop123456 qwertyuiop2024 qwertyuiop2025
qwertyuiop2026 qwertz01 qwertz12 qwertz123 qwertz1234 qwertz12345 qwertz123456 qwertz2024 qwertz2025
qwertz2026 ranger12 ranger123 ranger1234 robert12 robert123 robert1234 root1234 rush2112 samsung1 samsung12
samsung123 samsung1234 sanset123 schatz123 secret12 secret123 secret1234 shadow12 shadow123 shadow1234
soccer12 soccer123 soccer1234 spiderman1 starwars1 starwars12 starwars123 starwars1234 summer12 summer123
summer1234 sunshine1 sunshine12 sunshine123 sunshine1234 superman1 superman12 superman123 superman1234
temp1234 test1234 test12345 test123456 test1test1 testing1 testing12 testing123 testing1234 thomas12
thomas123 thomas1234 trustno1 user1234 w1234567 welcome01 welcome1 welcome12 welcome123 welcome1234
welcome12345 welcome123456 welcome2024 welcome2025 welcome2026 welcome@123 whatever1 whatever12 whatever123
whatever1234 winter12 winter123 winter1234 woaini1314 woaini520 z1234567 zaq12wsx zaq1xsw2 zaq1zaq1 zxcvbn12
zxcvbn123 zxcvbn1234 zxcvbnm1 zxcvbnm12 zxcvbnm123 zxcvbnm1234
""".split()  # noqa: SIM905 - the formatter would give each its own line
)
"""In lower case."""
