//! Commands chosen for their edges. Times to live are multiples of 10,000 seconds, so that the
//! moment at which a command runs does not show.

use super::machine::Machine;
use super::redis::Redis;
use super::words::{Words, compare, words};

/// Each group begins with an empty keyspace.
const GROUPS: [&str; 14] = [
    // Names and arity.
    "GET
     get␠
     GET a b
     gEt a
     SET
     SET a
     INCR
     INCR a b
     INCRBY a
     INCRBY a 1 2
     DECR
     DECRBY a
     DECRBY a 1 2
     DEL
     EXISTS
     MGET
     MSET
     MSET a
     MSET a b c
     EXPIRE
     EXPIRE a
     TTL
     TTL a b
     PTTL
     PTTL a b
     DBSIZE a
     ECHO
     ECHO a b
     PING a b
     CONFIG
     CONFIG GET
     CLIENT
     CLIENT SETNAME
     CLIENT SETNAME a b
     CLIENT GETNAME a
     CLIENT ID a
     CLIENT NO-EVICT
     CLIENT NO-EVICT on off
     COMMAND COUNT a",
    // What nobody knows.
    "''
     '' a
     NONSENSE
     NONSENSE a b
     nonsense '' ␠ a␠b
     NONSENSE a␍␊b
     NON␍␊SENSE
     NON␀SENSE a␀b c
     GET␀ a
     XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX a
     X yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy z
     X yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy zzzzzzzzzzzzzzzzzzzz z
     X a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o p q r s
     CLIENT nonsense
     client Nonsense a
     CLIENT ''
     CLIENT a␍␊b
     CLIENT a␀b
     CONFIG nonsense
     config Nonsense a b
     COMMAND nonsense
     client|id
     config|get save
     CLIENT zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
    // The connection.
    "PING
     ping
     PING hello
     PING ''
     PING a␍␊b
     ECHO hello
     ECHO ''
     ECHO ␀
     CLIENT GETNAME
     CLIENT SETNAME me
     CLIENT GETNAME
     client getname
     CLIENT SETNAME a␠b
     CLIENT SETNAME a␊
     CLIENT SETNAME é
     CLIENT GETNAME
     CLIENT SETNAME !~
     CLIENT GETNAME
     CLIENT SETNAME ''
     CLIENT GETNAME
     CLIENT NO-EVICT on
     CLIENT NO-EVICT OFF
     CLIENT NO-EVICT maybe
     CLIENT LIST nonsense
     CONFIG GET save
     CONFIG GET SAVE
     CONFIG GET sav[e]
     CONFIG GET appendonly
     CONFIG GET appendonly APPENDONLY append[o]nly
     CONFIG GET append[^x]nl?
     CONFIG GET maxmemory
     CONFIG GET maxmemory-policy
     CONFIG GET databases
     CONFIG GET timeout
     CONFIG GET proto-max-bulk-len
     CONFIG GET client-query-buffer-limit
     CONFIG GET nonsense
     CONFIG GET ''
     CONFIG GET nonsense nonsense*
     INFO nonsense
     INFO nonsense nonsense
     COMMAND DOCS nonsense
     COMMAND INFO nonsense config|nonsense nonsense|get
     COMMAND INFO GET nonsense set",
    // Values.
    "GET a
     SET a 1
     GET a
     SET a ''
     GET a
     SET a ␍␊␀
     GET a
     SET '' empty
     GET ''
     SET a a␠value␠that␠is␠longer␠than␠what␠a␠message␠holds␠inline
     GET a
     MGET a '' missing a
     EXISTS a '' missing a
     EXISTS missing
     DBSIZE
     DEL a a ''
     DEL a
     DBSIZE
     MGET a",
    // Several keys.
    "MSET a 1 b 2 c 3 d 4 e 5 f 6 g 7 h 8
     MGET a b c d e f g h
     MGET h g f e d c b a
     MGET a a a missing a
     MSET a x a y a z
     GET a
     MSET b 1 missing␠no␠more 2 b 3
     MGET b missing␠no␠more
     EXISTS a b c d e f g h i j
     EXISTS a a a
     DEL a c e g i
     MGET a b c d e f g h
     DBSIZE
     DEL b d f h missing␠no␠more
     DBSIZE
     MSET {t}1 a {t}2 b {t}3 c
     MGET {t}3 {t}2 {t}1 {t}
     DEL {t}1 {t}2 {t}3
     SET a v EX 10000
     MSET a w
     TTL a
     FLUSHALL
     DBSIZE
     FLUSHALL ASYNC
     FLUSHALL sync
     FLUSHALL nonsense
     FLUSHALL ASYNC SYNC",
    // Counters.
    "INCR n
     INCR n
     DECR n
     DECR n
     DECR n
     GET n
     INCRBY n 10
     DECRBY n 4
     INCRBY n -100
     DECRBY n -100
     INCRBY n 0
     GET n
     INCRBY new -7
     DECRBY new2 -7
     SET n 9223372036854775807
     INCR n
     INCRBY n 1
     INCRBY n 9223372036854775807
     INCRBY n 0
     DECR n
     INCR n
     INCRBY n -9223372036854775808
     GET n
     SET n -9223372036854775808
     DECR n
     INCRBY n -1
     INCRBY n -9223372036854775808
     INCR n
     DECR n
     INCRBY n 9223372036854775807
     DECRBY n -9223372036854775808
     DECRBY missing -9223372036854775808
     DECRBY n -9223372036854775807
     EXISTS missing
     INCRBY n x
     INCRBY n ''
     INCRBY n +1
     INCRBY n 01
     INCRBY n -0
     INCRBY n ␠1
     INCRBY n 1␠
     INCRBY n 1.0
     INCRBY n 9223372036854775808
     INCRBY n -9223372036854775809
     INCRBY n 99999999999999999999
     DECRBY n x
     GET n",
    // What is no counter.
    "SET n ''
     INCR n
     SET n ␠1
     INCR n
     SET n 1␠
     INCR n
     SET n +1
     INCR n
     SET n 01
     INCR n
     SET n -0
     INCR n
     SET n -
     INCR n
     SET n 1.5
     INCR n
     SET n 0x10
     INCR n
     SET n 9223372036854775808
     INCR n
     SET n -9223372036854775809
     INCR n
     SET n 1␀
     INCR n
     SET n abc
     INCRBY n x
     DECRBY n -9223372036854775808
     SET n 10 EX 10000
     INCR n
     TTL n",
    // Conditions of SET.
    "SET a 1 XX
     GET a
     SET a 1 NX
     SET a 2 NX
     GET a
     SET a 3 XX
     GET a
     SET a 4 nx
     SET a 4 xX
     SET a 5 NX NX
     SET a 5 XX XX
     SET a 6 NX XX
     SET a 6 XX NX
     SET a 6 NX GET XX
     GET a
     SET a 7 GET
     SET b 7 GET
     SET a 8 XX GET
     SET a 9 NX GET
     GET a
     SET c 9 NX GET
     GET c
     SET d 9 XX GET
     EXISTS d
     SET a 9 GET GET
     SET a 9 nonsense
     SET a 9 ''
     SET a 9 NX nonsense
     SET a 9 N
     SET a 9 NXX
     GET a",
    // Times of SET.
    "SET a 1 EX 10000
     TTL a
     PTTL a
     SET a 2
     TTL a
     PTTL a
     SET a 3 PX 20000000
     TTL a
     SET a 4 KEEPTTL
     TTL a
     SET a 5 keepttl GET XX
     TTL a
     SET b 1 KEEPTTL
     TTL b
     SET a 6 EXAT 9000000000
     GET a
     SET a 7 PXAT 9000000000000
     GET a
     SET a 8 ex 30000 NX
     TTL b
     SET b 2 NX EX 30000
     TTL b
     SET b 2 XX EX 40000 GET
     TTL b
     SET b 3 EX 10000 EX 50000
     TTL b
     SET c 1 EXAT 1
     GET c
     SET c 1 PXAT 1
     EXISTS c
     SET c 1 NX PXAT 1
     TTL c
     SET c 1 PXAT 1
     SET c 2 XX
     SET c 1 PXAT 1
     SET c 3 NX
     GET c
     SET d 1 PXAT 1
     INCR d
     TTL d
     SET e 1 PXAT 1
     MGET e d c
     SET f 1 PXAT 1
     DEL f
     SET g 1 PXAT 1
     SET g 2 KEEPTTL
     TTL g
     SET h 1 PXAT 1
     EXPIRE h 10000
     SET i 1 PXAT 1
     SET i 2 GET",
    // Times that SET refuses.
    "SET a 1 EX
     SET a 1 PX
     SET a 1 EXAT
     SET a 1 PXAT
     SET a 1 EX 0
     SET a 1 PX 0
     SET a 1 EXAT 0
     SET a 1 PXAT 0
     SET a 1 EX -1
     SET a 1 PX -1
     SET a 1 EXAT -1
     SET a 1 PXAT -9223372036854775808
     SET a 1 EX x
     SET a 1 EX ''
     SET a 1 EX 1.5
     SET a 1 EX 01
     SET a 1 EX 10␠
     SET a 1 EX NX
     SET a 1 EX 9223372036854775807
     SET a 1 EX 9223372036854775808
     SET a 1 EX 9223372036854775
     SET a 1 EX 9223372036854776
     SET a 1 PX 9223372036854775807
     SET a 1 EXAT 9223372036854775807
     SET a 1 EXAT 9223372036854776
     EXISTS a
     SET a 1 EX 10 PX 10
     SET a 1 EX 10 EXAT 10
     SET a 1 PX 10 PXAT 10
     SET a 1 EXAT 10 PXAT 10
     SET a 1 KEEPTTL EX 10
     SET a 1 EX 10 KEEPTTL
     SET a 1 PXAT 10 KEEPTTL
     SET a 1 KEEPTTL KEEPTTL
     SET a 1 EX x NX XX
     SET a 1 EX x nonsense
     SET a 1 PERSIST
     TTL a
     SET a 1 EXAT 9223372036854775
     EXISTS a
     SET a 1 PXAT 9223372036854775807
     EXISTS a",
    // EXPIRE.
    "EXPIRE a 10000
     TTL a
     PTTL a
     SET a 1
     TTL a
     PTTL a
     EXPIRE a 10000
     TTL a
     PTTL a
     EXPIRE a 20000
     TTL a
     EXPIRE a 0
     EXISTS a
     SET a 1
     EXPIRE a -1
     EXISTS a
     SET a 1
     EXPIRE a -9223372036854775
     EXISTS a
     SET a 1
     EXPIRE a x
     EXPIRE a ''
     EXPIRE a 1.5
     EXPIRE a 01
     EXPIRE a 9223372036854775807
     EXPIRE a -9223372036854775808
     EXPIRE a 9223372036854775
     EXPIRE a 9223372036854776
     EXPIRE a -9223372036854776
     TTL a
     EXPIRE a 9000000000000
     EXISTS a
     EXPIRE missing x
     EXPIRE missing 9223372036854775807
     EXPIRE missing -1",
    // Conditions of EXPIRE.
    "SET a 1
     EXPIRE a 10000 XX
     EXPIRE a 10000 GT
     EXPIRE a 10000 XX GT
     EXPIRE a 10000 XX LT
     TTL a
     EXPIRE a 50000 LT
     TTL a
     EXPIRE a 60000 LT
     EXPIRE a 40000 GT
     EXPIRE a 10000 NX
     TTL a
     EXPIRE a 60000 GT
     TTL a
     EXPIRE a 40000 LT
     TTL a
     EXPIRE a 70000 XX
     TTL a
     EXPIRE a 80000 XX GT
     TTL a
     EXPIRE a 70000 XX GT
     EXPIRE a 60000 XX LT
     TTL a
     EXPIRE a 70000 xx xx
     EXPIRE a 60000 lt LT
     TTL a
     EXPIRE a 1 NX XX
     EXPIRE a 1 XX NX
     EXPIRE a 1 NX GT
     EXPIRE a 1 LT NX
     EXPIRE a 1 GT LT
     EXPIRE a 1 GT LT NX
     EXPIRE a 1 XX GT LT
     EXPIRE a 1 NX NX
     EXPIRE a 1 nonsense
     EXPIRE a 1 NX nonsense
     EXPIRE a 1 NX XX nonsense
     EXPIRE a 1 ''
     EXPIRE a 1 a␍␊b
     EXPIRE a 1 a␀b
     EXPIRE a x NX XX
     EXPIRE a x nonsense
     EXPIRE a x NX
     EXPIRE a -1 GT
     TTL a
     EXPIRE a -1 LT
     EXISTS a
     SET a 1
     EXPIRE a -1 NX
     EXISTS a
     EXPIRE missing 10000 NX
     EXPIRE missing 10000 XX",
    // Deadlines go with their keys.
    "SET a 1 EX 10000
     DEL a
     SET a 2
     TTL a
     SET a 1 EX 10000
     FLUSHALL
     TTL a
     SET a 2
     TTL a
     SET a 1 EX 10000
     INCR a
     DECRBY a 5
     TTL a
     SET a 3 NX
     TTL a
     SET a 3 XX
     TTL a
     DBSIZE",
    // The way out.
    "SET a 1
     quit␠
     GET a",
];

#[test]
fn chosen_commands_are_answered_as_by_redis() {
    let redis = Redis::start(&[]);
    let mut count = 0;
    for group in GROUPS {
        let mut client = redis.connect();
        client.replies(b"FLUSHALL\r\n", 1);
        let commands: Vec<Words> = group.lines().map(words).collect();
        compare(&commands, &mut client, &mut Machine::of_every_kind());
        // One by one as well: a pipeline must not change an answer.
        client.replies(b"FLUSHALL\r\nCLIENT SETNAME \"\"\r\n", 2);
        let mut machines = Machine::of_every_kind();
        for command in &commands {
            compare(std::slice::from_ref(command), &mut client, &mut machines);
        }
        count += commands.len();
    }
    assert!(count >= 400, "{count} commands");
}
