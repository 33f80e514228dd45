using Polymath.Backbones;
using Polymath.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Polymath.Bench;

/// <summary>
/// BERT with mean pooling and a linear head as one writes it with TorchSharp's own modules, the rows padded to the longest of the batch: the
/// peer that training is measured against.
/// </summary>
internal sealed class PlainBert : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Embedding _words, _positions, _types;
    private readonly LayerNorm _norm;
    private readonly ModuleList<Block> _blocks;
    private readonly Linear _head;

    public PlainBert(string folder, int classes) : base("plain")
    {
        var config = NetworkConfig.Read(Path.Combine(folder, "config.json"));
        using var checkpoint = Checkpoint.Open(folder);
        var prefix = checkpoint.Contains("bert.embeddings.word_embeddings.weight") ? "bert." : "";
        _words = nn.Embedding(config.VocabularySize, config.Width);
        _positions = nn.Embedding(config.MaxPositions, config.Width);
        _types = nn.Embedding(config.TypeVocabulary, config.Width);
        _norm = nn.LayerNorm(config.Width, config.LayerNormEpsilon);
        _blocks = nn.ModuleList([.. Enumerable.Range(0, config.Layers).Select(_ => new Block(config))]);
        _head = nn.Linear(config.Width, classes);
        RegisterComponents();
        using var noGrad = no_grad();
        void Fill(Tensor? parameter, string name) => parameter!.copy_(checkpoint.Read(prefix + name));
        Fill(_words.weight, "embeddings.word_embeddings.weight");
        Fill(_positions.weight, "embeddings.position_embeddings.weight");
        Fill(_types.weight, "embeddings.token_type_embeddings.weight");
        Fill(_norm.weight, "embeddings.LayerNorm.weight");
        Fill(_norm.bias, "embeddings.LayerNorm.bias");
        for (var i = 0; i < config.Layers; i++) _blocks[i].Fill((parameter, name) => Fill(parameter, $"encoder.layer.{i}.{name}"));
    }

    /// <summary>ids and mask [rows, length] → scores [rows, classes].</summary>
    public override Tensor forward(Tensor ids, Tensor mask)
    {
        var x = _norm.forward(_words.forward(ids) + _positions.forward(arange(ids.shape[1])) + _types.forward(zeros_like(ids)));
        var bias = ((1 - mask) * -1e9f).view(mask.shape[0], 1, 1, mask.shape[1]);
        foreach (var block in _blocks) x = block.forward(x, bias);
        var weights = mask.unsqueeze(-1);
        return _head.forward((x * weights).sum(1) / weights.sum(1));
    }

    private sealed class Block : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly Linear _query, _key, _value, _output, _grow, _shrink;
        private readonly LayerNorm _attentionNorm, _outputNorm;
        private readonly int _heads;

        public Block(NetworkConfig config) : base("block")
        {
            (_heads, var width) = (config.Heads, config.Width);
            _query = nn.Linear(width, width);
            _key = nn.Linear(width, width);
            _value = nn.Linear(width, width);
            _output = nn.Linear(width, width);
            _grow = nn.Linear(width, config.Intermediate);
            _shrink = nn.Linear(config.Intermediate, width);
            _attentionNorm = nn.LayerNorm(width, config.LayerNormEpsilon);
            _outputNorm = nn.LayerNorm(width, config.LayerNormEpsilon);
            RegisterComponents();
        }

        public void Fill(Action<Tensor?, string> fill)
        {
            foreach (var (layer, name) in new[]
            {
                (_query, "attention.self.query"), (_key, "attention.self.key"), (_value, "attention.self.value"), (_output, "attention.output.dense"),
                (_grow, "intermediate.dense"), (_shrink, "output.dense"),
            })
            {
                fill(layer.weight, $"{name}.weight");
                fill(layer.bias, $"{name}.bias");
            }
            foreach (var (norm, name) in new[] { (_attentionNorm, "attention.output.LayerNorm"), (_outputNorm, "output.LayerNorm") })
            {
                fill(norm.weight, $"{name}.weight");
                fill(norm.bias, $"{name}.bias");
            }
        }

        public override Tensor forward(Tensor x, Tensor bias)
        {
            Tensor Split(Tensor y) => y.view(x.shape[0], x.shape[1], _heads, x.shape[2] / _heads).transpose(1, 2);
            var context = nn.functional.scaled_dot_product_attention(Split(_query.forward(x)), Split(_key.forward(x)), Split(_value.forward(x)), bias);
            x = _attentionNorm.forward(x + _output.forward(context.transpose(1, 2).reshape(x.shape)));
            return _outputNorm.forward(x + _shrink.forward(nn.functional.gelu(_grow.forward(x))));
        }
    }
}
