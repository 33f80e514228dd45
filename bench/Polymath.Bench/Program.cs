using Polymath;
using Polymath.Bench;

// Every number in docs/performance.md comes from one of these.
var commands = new SortedDictionary<string, (string Help, Func<string[], int> Run)>
{
    ["attention"] = ("equal-length groups against padded groups; decides which groups share a call (--rows, --training-rows, --rounds)", AttentionBench.Run),
    ["chaos"] = ("100 random SIGKILLs of a process that writes to a store and a library (--kills N)", ChaosBench.Run),
    ["chaos-child"] = ("the process that is killed (called by chaos)", ChaosBench.RunChild),
    ["decode"] = ("tokens a second of a language model against the bare matrix products (--tokens, --rounds, --precision Float32,BFloat16)", DecodeBench.Run),
    ["demonstrations"] = ("which training rows to show to a language model, beside the vote of their labels (--data trec,cr --shots 4,8,16 --rows --seeds --methods)", DemonstrationsBench.Run),
    ["distilled"] = ("ten examples a class: a distilled encoder between TF-IDF and its teacher (--model, --seeds, --data, --methods, --layers)", DistilledBench.Run),
    ["encode"] = ("20,000 mixed sentences against ONNX Runtime, turn by turn (--rows, --rounds, --engines, --ort-batches)", EncodeBench.Run),
    ["encode-one"] = ("one engine in a process of its own (called by encode)", EncodeBench.RunOne),
    ["few-shot"] = ("contrastive fine-tuning beside a frozen probe on few rows (--data cr --per-class 8 --seeds 10 --lr --pairs, --on rest)", FewShotBench.Run),
    ["fine-tune"] = ("test accuracy of fine-tuning, several seeds (--data trec,cr, --seeds, --lr, --epochs, --layer-decay, --dropout …)", FineTuneBench.Run),
    ["fuzz"] = ("100,000 mutations each of safetensors, PyTorch, GGUF and tokenizer.json files (--mutations N, --seed N, --only gguf)", FuzzBench.Run),
    ["heads"] = ("time of cross-validation and of the default search; test accuracy beside TF-IDF (--data trec,cr, --rows)", HeadsBench.Run),
    ["kinds"] = ("frozen features beside TF-IDF on files of any kind, by cross-validation (--data FILE,FILE --model, --folds, --seed, --layers, --pairs)", KindsBench.Run),
    ["linear"] = ("linear layers: F.linear against the fused layout, GFLOP/s (--rows)", LinearBench.Run),
    ["linear4"] = ("linear layers of SmolLM2's shapes: F.linear in float32 and bfloat16, weights in four bits (--rounds, --copies, --dedicated)", FourBitBench.Run),
    ["memory"] = ("resident memory over 50,000 rows; --short: 1,000,000 short rows to a file; --training: over 2,000 steps (--rows, --model, --tiny)", MemoryBench.Run),
    ["out-of-scope"] = ("CLINC150: AUROC of every out-of-scope score, threshold on validation rows (--layers last,concat3, --c)", OutOfScopeBench.Run),
    ["prompts"] = ("the reference's prompts and capitals through the real model: log-probabilities and predictions (--only trec)", PromptsBench.Run),
    ["reverse"] = ("small GPT-2, T5 and BART from random weights learn to reverse 8 tokens; exact match on held-out rows (--families gpt2,bart,t5 --seeds --steps --lr --batch --width --symbols)", ReverseBench.Run),
    ["scalar-mix"] = ("test accuracy of a learned mix of layers against the last layer (--data trec,cr,subj)", ScalarMixBench.Run),
    ["resume"] = ("a fine-tuning killed at random steps and resumed, compared bit for bit (--kills N)", ResumeBench.Run),
    ["resume-child"] = ("the process that is killed (called by resume)", ResumeBench.RunChild),
    ["score"] = ("few-shot scoring by a prefix tree against every pair in full (--texts, --rounds, --shots, --precision)", ScoreBench.Run),
    ["store"] = ("reading features from the store against computing them (--rows, --rounds)", StoreBench.Run),
    ["tagging"] = ("span F1 by cross-validation, several ways to read a word, beside the word-feature baseline (--data, --ways)", TaggingBench.Run),
    ["threads"] = ("features with one and two threads, and two callers (--rows, --rounds)", ThreadsBench.Run),
    ["tokenize"] = ("MB/s of four tokenizers, 1 MB without a space, share of feature time (--rows, --rounds)", TokenizeBench.Run),
    ["train"] = ("steps of fine-tuning against a plain TorchSharp loop, turn by turn (--data trec,subj --steps --rounds --dedicated)", TrainBench.Run),
};

if (args.Length == 0 || !commands.TryGetValue(args[0], out var command))
{
    Console.WriteLine("Usage: dotnet run -c Release --project bench/Polymath.Bench -- <benchmark> [options]\n");
    foreach (var (name, (help, _)) in commands) Console.WriteLine($"  {name,-14}{help}");
    return args.Length == 0 ? 0 : 2;
}
try { return command.Run(args[1..]); }
catch (PolymathException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}
