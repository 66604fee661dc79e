%% Erlang/OTP at the workloads of this comparison, whose definitions are in src/workloads.rs.
%%
%% Processes are spawned bare, without gen_server: what is compared is the runtime. An ask sends
%% {Ref, self(), ..} with a fresh reference and awaits the answer that carries it, which the
%% compiler turns into a receive that skips what was in the mailbox before.
-module(greenroom_rival).
-export([main/1]).

main([Workload, Secs]) ->
    Value = measure(list_to_atom(Workload), list_to_float(Secs)),
    io:format("~.4f~n", [Value]),
    halt(0).

measure(ask_local, Secs) ->
    Counter = spawn(fun() -> counter(0) end),
    ns_each(Secs, 1000, fun(Asked) -> asks(Counter, Asked, 1000) end);
measure(cast_local, Secs) ->
    Counter = spawn(fun() -> counter(0) end),
    ns_each(Secs, 10 * 101, fun(Laps) -> casts(Counter, Laps * 1000, 10) end);
measure(ring, Secs) ->
    Client = self(),
    First = ring(999, self(), Client),
    Lap = fun(_) -> First ! {token, 99999}, receive finished -> ok end end,
    ns_each(Secs, 100000, Lap);
measure(spawn, Secs) ->
    ns_each(Secs, 100, fun(_) -> spawns(100) end);
measure(spawn_link, Secs) ->
    afresh(fun() -> ns_each(Secs, 100, fun(_) -> spawns_linked(100) end) end);
measure(restart, Secs) ->
    afresh(fun() -> restarts_per_ms(fun() -> error(told) end, Secs) end);
measure(restart_stop, Secs) ->
    afresh(fun() -> restarts_per_ms(fun() -> ok end, Secs) end);
measure(exit_storm, Secs) ->
    afresh(fun() -> ns_each_of_storms(fun star/0, Secs) end);
measure(exit_chain, Secs) ->
    afresh(fun() -> ns_each_of_storms(fun chain/0, Secs) end);
measure(bytes_idle, _) ->
    element(1, bytes());
measure(bytes_after_message, _) ->
    element(2, bytes());
measure(ask_cross, Secs) ->
    on_scheduler(1, fun() ->
        Counter = spawn_opt(fun() -> counter(0) end, [{scheduler, 2}]),
        ns_each(Secs, 10, fun(Asked) -> asks(Counter, Asked, 10) end)
    end);
measure(cast_cross, Secs) ->
    on_scheduler(1, fun() ->
        Counter = spawn_opt(fun() -> counter(0) end, [{scheduler, 2}]),
        Lap = fun(Laps) -> halves(Counter, Laps * 5000, 10) end,
        Each = ns_each(Secs, 10 * 501, Lap),
        1000 / Each
    end);
measure(skynet, Secs) ->
    Sum = 1000000 * 999999 div 2,
    Tree = fun(_) -> skynet(self(), 0, 1000000), receive Sum -> ok end end,
    ns_each(Secs, 1, Tree) / 1.0e6;
measure(big, Secs) ->
    Client = self(),
    Peers = list_to_tuple([spawn(fun() -> peer(Client) end) || _ <- lists:seq(1, 200)]),
    All = tuple_to_list(Peers),
    [Peer ! {meet, Peers} || Peer <- All],
    Lap = fun(_) ->
        [Peer ! {start, 500} || Peer <- All],
        [receive finished -> ok end || _ <- All]
    end,
    1000 / ns_each(Secs, 200 * 500, Lap);
measure(fan, Secs) ->
    Client = self(),
    Consumers = [spawn(fun() -> counter(0) end) || _ <- lists:seq(1, 10)],
    Producers = [
        begin
            {Before, After} = lists:split(N div 2 rem 10, Consumers),
            spawn(fun() -> producer(Client, After ++ Before) end)
        end || N <- lists:seq(0, 99)],
    Lap = fun(_) ->
        [Producer ! start || Producer <- Producers],
        [receive finished -> ok end || _ <- Producers]
    end,
    Each = ns_each(Secs, 100 * 1000, Lap),
    [Total | Totals] = [ask(Consumer, 0) || Consumer <- Consumers],
    true = lists:all(fun(Other) -> Other =:= Total end, Totals),
    1000 / Each.

%% Nanoseconds an operation: laps of Count operations, a fifth of the time to warm up. Lap is told
%% how many operations were done before, or how many laps where those are counted.
ns_each(Secs, Count, Lap) ->
    Done = laps(now_ns(), round(Secs * 0.2e9), Lap, 0, 1),
    Start = now_ns(),
    Laps = laps(Start, round(Secs * 0.8e9), Lap, Done, 1) - Done,
    (now_ns() - Start) / (Laps * Count).

laps(Start, Length, Lap, Done, Min) ->
    case Min =< 0 andalso now_ns() - Start >= Length of
        true -> Done;
        false -> Lap(Done), laps(Start, Length, Lap, Done + 1, Min - 1)
    end.

now_ns() -> erlang:monotonic_time(nanosecond).

counter(Total) ->
    receive
        {add, Amount} ->
            counter(Total + Amount);
        {Ref, From, Amount} ->
            Sum = Total + Amount,
            From ! {Ref, Sum},
            counter(Sum)
    end.

ask(Counter, Amount) ->
    Ref = make_ref(),
    Counter ! {Ref, self(), Amount},
    receive {Ref, Total} -> Total end.

asks(Counter, Laps, Count) -> asks_from(Counter, Laps * Count, Count).

asks_from(_, _, 0) -> ok;
asks_from(Counter, Asked, Left) ->
    Total = Asked + 1,
    Total = ask(Counter, 1),
    asks_from(Counter, Total, Left - 1).

casts(_, _, 0) -> ok;
casts(Counter, Sent, Batches) ->
    send(Counter, 100),
    Total = Sent + 100,
    Total = ask(Counter, 0),
    casts(Counter, Total, Batches - 1).

send(_, 0) -> ok;
send(Counter, Left) -> Counter ! {add, 1}, send(Counter, Left - 1).

halves(_, _, 0) -> ok;
halves(Counter, Sent, Left) ->
    Ref = make_ref(),
    Counter ! {Ref, self(), 0},
    send(Counter, 500),
    receive {Ref, Total} when Total >= Sent, Total =< Sent + 500 -> ok end,
    halves(Counter, Sent + 500, Left - 1).

%% The first of the ring; the last one's next is the first.
ring(Others, Self, Client) ->
    First = spawn(fun() -> receive {next, Next} -> node(Next, Client) end end),
    Last = lists:foldl(
        fun(_, Next) -> spawn(fun() -> node(Next, Client) end) end, First, lists:seq(1, Others)),
    Self = Client,
    First ! {next, Last},
    First.

node(Next, Client) ->
    receive
        {token, 0} -> Client ! finished, node(Next, Client);
        {token, Left} -> Next ! {token, Left - 1}, node(Next, Client)
    end.

spawns(0) -> ok;
spawns(Left) ->
    {Pid, Monitor} = spawn_monitor(fun() -> receive stop -> ok end end),
    Pid ! stop,
    receive {'DOWN', Monitor, process, Pid, normal} -> ok end,
    spawns(Left - 1).

spawns_linked(0) -> ok;
spawns_linked(Left) ->
    {Pid, Monitor} = spawn_opt(fun() -> receive stop -> ok end end, [link, monitor]),
    Pid ! stop,
    receive {'DOWN', Monitor, process, Pid, normal} -> ok end,
    spawns_linked(Left - 1).

%% The supervisor is a bare process like all others here: OTP's walks the list of all restarts of
%% the last second at each one.
restarts_per_ms(End, Secs) ->
    logger:set_primary_config(level, none),
    Client = self(),
    spawn_link(fun() ->
        process_flag(trap_exit, true),
        supervisor(Client, End, 1)
    end),
    First = receive {up, Pid} -> Pid end,
    put(child, First),
    1.0e6 / ns_each(Secs, 100, fun(Laps) -> restarts(Laps * 100 + 1, 100) end).

supervisor(Client, End, Number) ->
    Child = spawn_link(fun() -> incarnation(End, Number) end),
    Client ! {up, Child},
    receive {'EXIT', Child, _} -> supervisor(Client, End, Number + 1) end.

incarnation(End, Number) ->
    receive
        finish -> End();
        {Ref, From} -> From ! {Ref, Number}, incarnation(End, Number)
    end.

restarts(_, 0) -> ok;
restarts(Number, Left) ->
    get(child) ! finish,
    Child = receive {up, Pid} -> Pid end,
    put(child, Child),
    Ref = make_ref(),
    Child ! {Ref, self()},
    Next = Number + 1,
    receive {Ref, Next} -> ok end,
    restarts(Next, Left - 1).

%% Grows and kills until the time is up; the first storm is not counted.
ns_each_of_storms(Grow, Secs) ->
    Base = erlang:system_info(process_count),
    storm(Grow, Base),
    {Spent, Storms} = storms(Grow, Base, now_ns() + round(Secs * 1.0e9), 0, 0),
    Spent / (Storms * 100000).

storms(Grow, Base, Until, Spent, Storms) ->
    Sum = Spent + storm(Grow, Base),
    case now_ns() >= Until of
        true -> {Sum, Storms + 1};
        false -> storms(Grow, Base, Until, Sum, Storms + 1)
    end.

storm(Grow, Base) ->
    First = Grow(),
    true = erlang:system_info(process_count) >= Base + 100000,
    Start = now_ns(),
    exit(First, kill),
    gone(Base),
    now_ns() - Start.

%% A process that is on its way out is counted until it is gone.
gone(Base) ->
    case erlang:system_info(process_count) =< Base of
        true -> ok;
        false -> receive after 1 -> gone(Base) end
    end.

star() ->
    Client = self(),
    First = spawn(fun() ->
        [spawn_link(fun member/0) || _ <- lists:seq(1, 99999)],
        Client ! grown,
        member()
    end),
    receive grown -> First end.

chain() ->
    Client = self(),
    First = spawn(fun() -> chain(99999, Client) end),
    receive grown -> First end.

chain(0, Client) ->
    Client ! grown,
    member();
chain(Left, Client) ->
    spawn_link(fun() -> chain(Left - 1, Client) end),
    member().

member() -> receive stop -> ok end.

bytes() ->
    Count = 1000000,
    Before = erlang:memory(processes),
    Pids = [spawn(fun() -> counter(0) end) || _ <- lists:seq(1, Count)],
    0 = ask(hd(Pids), 0),
    Idle = erlang:memory(processes),
    [Pid ! {add, 1} || Pid <- Pids],
    [1 = ask(Pid, 0) || Pid <- Pids],
    After = erlang:memory(processes),
    {(Idle - Before) / Count, (After - Before) / Count}.

%% The scheduler of a process: an option that OTP has and does not document.
on_scheduler(Number, Fun) ->
    Client = self(),
    spawn_opt(fun() -> Client ! {measured, Fun()} end, [{scheduler, Number}]),
    receive {measured, Value} -> Value end.

%% In a process of its own: the one that `erl -run` calls takes twenty times as long for a link.
afresh(Fun) ->
    Client = self(),
    spawn(fun() -> Client ! {measured, Fun()} end),
    receive {measured, Value} -> Value end.

skynet(Parent, Number, 1) ->
    spawn(fun() -> Parent ! Number end);
skynet(Parent, First, Leaves) ->
    spawn(fun() ->
        Me = self(),
        Part = Leaves div 10,
        [skynet(Me, First + Child * Part, Part) || Child <- lists:seq(0, 9)],
        Parent ! sum(10, 0)
    end).

sum(0, Sum) -> Sum;
sum(Missing, Sum) -> receive Number -> sum(Missing - 1, Sum + Number) end.

peer(Client) ->
    receive {meet, Peers} -> peer(Client, Peers, 0) end.

peer(Client, Peers, Left) ->
    receive
        {ping, From} -> From ! pong, peer(Client, Peers, Left);
        pong -> ping(Client, Peers, Left);
        {start, Pings} -> ping(Client, Peers, Pings)
    end.

ping(Client, Peers, 0) ->
    Client ! finished,
    peer(Client, Peers, 0);
ping(Client, Peers, Left) ->
    element(rand:uniform(tuple_size(Peers)), Peers) ! {ping, self()},
    peer(Client, Peers, Left - 1).

producer(Client, Consumers) ->
    receive start -> ok end,
    [[ask(Consumer, 1) || Consumer <- Consumers] || _ <- lists:seq(1, 100)],
    Client ! finished,
    producer(Client, Consumers).
